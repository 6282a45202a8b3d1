"""The benchmarks can be started, and tell how."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMES = sorted(p.stem for p in (ROOT / "benchmarks").glob("[a-z]*.py"))


def bench(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ROOT / "scripts" / "bench"), *args],
        env={"PYTHON": sys.executable, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("name", NAMES)
def test_each_tells_its_options(name: str) -> None:
    run = bench(name, "--help")
    assert run.returncode == 0, run.stderr
    assert "usage:" in run.stdout


def test_a_part_that_is_not_there() -> None:
    run = bench("faults", "nope")
    assert run.returncode == 2
    assert "there is no part 'nope': choose from reload, " in run.stderr


def test_without_a_name_all_are_told() -> None:
    run = bench()
    assert run.returncode != 0
    for name in NAMES:
        assert name in run.stderr
