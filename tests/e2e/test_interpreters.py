"""Apps in virtual environments of their own, with other versions of Python."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.harness import APPS, FuncApp
from tests.interpreters import VERSIONS, environment_with_library


@pytest.mark.parametrize("version", VERSIONS)
def test_an_app_runs_in_its_own_environment(
    version: str, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    assert pytestconfig.cache is not None
    cache = Path(pytestconfig.cache.mkdir("interpreters"))
    venv = environment_with_library(version, cache)
    before = packages(venv)
    env = {"LAZULITE_CACHE": str(cache / "server")}
    root = copy_of_app(tmp_path)
    (root / ".venv").symlink_to(venv)
    with FuncApp(root, env=env, args=["--json-output"]) as app:
        answer = app.client.get("/api/about").json()
        assert answer["version"] == version
        assert answer["prefix"] == str(app.root / ".venv")
        assert app.client.get("/api/async/7").text == "7"
        assert app.client.get("/api/asgi/x").text == "asgi /api/asgi/x"
        assert app.client.get("/api/fail").status_code == 500
        id = app.client.get("/api/say").text
        app.wait_for("from inside")
        assert app.stop() == 0
    lines = [json.loads(line) for line in app.output().splitlines() if line.startswith("{")]
    (said,) = (line for line in lines if line["message"] == "from inside")
    assert said["invocationId"] == id
    assert packages(venv) == before


def copy_of_app(folder: Path) -> Path:
    """The app, where an environment can be added to it."""
    return Path(shutil.copytree(APPS / "interpreters", folder / "app"))


def packages(venv: Path) -> set[str]:
    """What is installed in a virtual environment."""
    return {path.name for path in venv.glob("lib/python*/site-packages/*")}


def test_an_environment_without_the_library_is_told_how_to_get_it(tmp_path: Path) -> None:
    root = copy_of_app(tmp_path)
    venv = root / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    with FuncApp(root, ready=None) as app:
        assert app.wait() == 1
    python = venv / "bin" / "python"
    assert f"azure-functions is not installed for {python} (" in app.output()
    assert f"{python} -m pip install -r requirements.txt" in app.output()
    assert "Traceback" not in app.output()
