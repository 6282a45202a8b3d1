"""The example project's own tests, run as its user runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.testing.test_plugin import SOURCES, passed, run_pytest

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "testing"


def test_with_pytest() -> None:
    passed(run_pytest(EXAMPLE), 9)


def test_with_unittest() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "unittest", "discover", "tests"],
        cwd=EXAMPLE,
        env={**os.environ, "PYTHONPATH": f"{SOURCES}{os.pathsep}{EXAMPLE}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    assert "Ran 5 tests" in run.stderr
