"""Python interpreters of other versions, and virtual environments for apps in them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

VERSIONS = ("3.10", "3.11", "3.12", "3.13")


def interpreter(version: str) -> str:
    """A Python of this minor version: on the path, or pyenv's. Skips the test without one."""
    found = shutil.which(f"python{version}")
    if found is not None and runs(found):
        return found
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for path in sorted(root.glob(f"versions/{version}.*/bin/python{version}")):
        return str(path)
    pytest.skip(f"no Python {version} here")


def runs(python: str) -> bool:
    """Whether it starts: pyenv's shims do not for a version that is not chosen."""
    return subprocess.run([python, "-c", ""], capture_output=True).returncode == 0


def environment_with_library(version: str, cache: Path) -> Path:
    """A virtual environment with azure-functions, made once in `cache`.

    Without a package index the test is skipped; in CI it fails.
    """
    folder = cache / f"venv-{version}"
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([interpreter(version), "-m", "venv", str(folder)], check=True, timeout=100)
        command = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        done = subprocess.run(
            [str(folder / "bin" / "python"), *command, "azure-functions"],
            capture_output=True,
            text=True,
            timeout=100,
        )
        if done.returncode != 0:
            assert not os.environ.get("CI"), done.stderr
            pytest.skip(f"azure-functions cannot be installed: {done.stderr.strip()[-200:]}")
        (folder / "complete").touch()
    return folder
