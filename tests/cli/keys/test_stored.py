"""`func keys` for an app that does not run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Func


@pytest.fixture(params=["files", "blob"])
def app(request: pytest.FixtureRequest, func: Func, v2: Path) -> Path:
    """An app that keeps its keys in files, or in its storage account."""
    func("new", "-t", "HTTP trigger", "-n", "hello", cwd=v2)
    func("settings", "add", "AzureWebJobsSecretStorageType", request.param, cwd=v2)
    return v2


def test_keys_of_the_host(func: Func, app: Path) -> None:
    assert func("keys", "list", cwd=app).out == (
        "Keys of the host:\n  default = *****\nKeys of the system:\n  (none)\n"
    )
    first = func("keys", "show", "default", cwd=app).out
    assert len(first) == 57
    said, made = func("keys", "set", "default", cwd=app).out.splitlines()
    assert said == "Changed the key 'default' of the host."
    assert func("keys", "show", "default", cwd=app).out == f"{made}\n" != first
    said = func("keys", "set", "partner", "a key of mine", cwd=app).out
    assert said == "Added the key 'partner' of the host.\n"
    assert "  partner = a key of mine\n" in func("keys", "list", "-a", cwd=app).out
    said = func("keys", "delete", "partner", cwd=app).out
    assert said == "Deleted the key 'partner' of the host.\n"
    err = func("keys", "delete", "partner", cwd=app, code=1).err
    assert err == "There is no key 'partner' of the host.\n  See `func keys list`.\n"


def test_the_master_key(func: Func, app: Path) -> None:
    master = func("keys", "show", "_master", cwd=app).out
    assert master not in func("keys", "list", "-a", cwd=app).out
    func("keys", "set", "_master", "mine", cwd=app)
    assert func("keys", "show", "_master", cwd=app).out == "mine\n"
    assert "cannot be deleted" in func("keys", "delete", "_master", cwd=app, code=1).err


def test_keys_of_function_and_system(func: Func, app: Path) -> None:
    func("keys", "set", "partner", "p", "--function", "hello", cwd=app)
    func("keys", "set", "blobs_extension", "s", "--system", cwd=app)
    shown = func("keys", "list", "--function", "HELLO", "-a", cwd=app).out
    assert shown.startswith("Keys of function 'HELLO':\n")
    assert "  partner = p\n" in shown
    listed = json.loads(func("keys", "list", "--json", cwd=app).out)
    assert [(k["scope"], k["name"]) for k in listed] == [
        ("host", "default"),
        ("system", "blobs_extension"),
    ]
    done = func("keys", "list", "--function", "helo", cwd=app)
    assert done.err == "No function 'helo' was found in the app's files.\n"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["list", "--function", "f", "--system"], "name one"),
        (["show", "nowhere"], "There is no key 'nowhere' of the host."),
        (["set", "a/b"], "cannot be the name of a key"),
        (["set", "a", ""], "needs a value"),
        (["list", "--url", "http://127.0.0.1:9"], "does not answer"),
        (["list", "--url", "localhost"], "is no URL"),
    ],
)
def test_what_cannot_be_done(func: Func, v2: Path, args: list[str], said: str) -> None:
    assert said in func("keys", *args, cwd=v2, code=1).err


def test_a_value_from_standard_input(func: Func, v2: Path) -> None:
    command = [sys.executable, "-m", "lazulite.cli", "keys", "set", "default", "-"]
    subprocess.run(command, cwd=v2, input=b"piped\n", check=True, capture_output=True)
    assert func("keys", "show", "default", cwd=v2).out == "piped\n"
