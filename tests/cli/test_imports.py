"""No command imports an SDK, or any other package, that it does not use."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Func

# what costs time to import and is nobody's business but those that use it
HEAVY = ("azure", "aiohttp", "granian", "cryptography", "watchfiles", "httpx", "werkzeug", "yaml")

COMMANDS = {
    "help": ["--help"],
    "start help": ["start", "--help"],
    "init": ["init", "other"],
    "new": ["new", "-t", "HTTP trigger", "-n", "other"],
    "templates": ["templates", "list"],
    "settings": ["settings", "list"],
    "doctor": ["doctor"],
    "keys": ["keys", "list"],
    "invoke": ["invoke", "hello"],
    "queue put": ["storage", "queue", "put", "orders", "x"],
    "queue list": ["storage", "queue", "list"],
    "blob put": ["storage", "blob", "put", "samples/a", "--data", "x"],
    "table list": ["storage", "table", "list"],
    "pack": ["pack", "--no-build"],
    "completion": ["completion", "bash"],
}
SCRIPT = """
import atexit, json, sys
from lazulite.cli.run import run
try:
    code = run(["func", *sys.argv[2:]])
except SystemExit as ending:
    code = ending.code
with open(sys.argv[1], "w") as file:
    json.dump(sorted({name.split(".")[0] for name in sys.modules}), file)
sys.exit(code)
"""


@pytest.fixture
def app(func: Func, v2: Path) -> Path:
    func("new", "-t", "HTTP trigger", "-n", "hello", cwd=v2)
    return v2


@pytest.mark.parametrize("args", COMMANDS.values(), ids=COMMANDS)
def test_what_a_command_imports(app: Path, tmp_path: Path, args: list[str]) -> None:
    loaded = tmp_path / "loaded.json"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(loaded), *args], cwd=app, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert not set(json.loads(loaded.read_text())) & set(HEAVY)


def test_a_real_account_is_what_imports_the_sdk(func: Func, app: Path, tmp_path: Path) -> None:
    """The counterpart: the same command, with an account that is not embedded."""
    key = "a" * 43 + "="
    account = f"AccountName=some;AccountKey={key};QueueEndpoint=http://127.0.0.1:9/some"
    func("settings", "add", "Elsewhere", account, cwd=app)
    loaded = tmp_path / "loaded.json"
    args = ["storage", "queue", "list", "--connection", "Elsewhere"]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(loaded), *args], cwd=app, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "127.0.0.1:9" in done.stderr or "cannot be reached" in done.stderr
    assert "azure" in json.loads(loaded.read_text())
