"""Blobs in a storage account that speaks Azure's protocol, shared by hosts."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import re
import shutil
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from lazulite.abc import Account
from lazulite.config.storage import parse_connection_string
from lazulite.stores.azure.account import open_azure
from tests.e2e.harness import APPS, PATIENCE, FuncApp

T = TypeVar("T")
pytestmark = pytest.mark.azurite
EXTENSION = "azurefunctions.extensions.bindings.blob"


def in_azurite(connection: str, body: Callable[[Account], Awaitable[T]]) -> T:
    async def main() -> T:
        account = open_azure(parse_connection_string(connection))
        try:
            return await body(account)
        finally:
            await account.close()

    return asyncio.run(main())


def put(connection: str, path: str, content: bytes, **metadata: str) -> None:
    container, _, name = path.partition("/")
    in_azurite(connection, lambda a: a.blobs.upload(container, name, content, metadata=metadata))


def copy_of_app(name: str, folder: Path, containers: dict[str, str]) -> Path:
    """The app with containers of its own: the emulator serves the whole session."""
    root = Path(shutil.copytree(APPS / name, folder / name))
    script = root / "function_app.py"
    text = script.read_text()
    for old, new in containers.items():
        text = text.replace(f'path="{old}/', f'path="{new}/')
    script.write_text(text)
    return root


def fresh(*names: str) -> dict[str, str]:
    return {name: f"{name}-{uuid.uuid4().hex[:8]}" for name in names}


def test_two_hosts_run_each_blob_once(azurite: str, tmp_path: Path) -> None:
    names = fresh("samples", "inbox", "outbox", "streams", "streamed", "bad")
    root = copy_of_app("blobs", tmp_path, names)
    env = {"AzureWebJobsStorage": azurite, "AzureFunctionsWebHost__hostid": names["inbox"]}
    put(azurite, f"{names['inbox']}/a/first.txt", b"first", owner="me")
    wanted = ["a/first"]
    with FuncApp(root, env=env) as one, FuncApp(root, env=env) as two:
        apps = (one, two)
        _wait(apps, r"copied \[", 1)
        for number in range(20):
            put(azurite, f"{names['inbox']}/b/{number}.txt", b"%d" % number)
            wanted.append(f"b/{number}")
        _wait(apps, r"copied \[", len(wanted))
        assert one.client.put("/api/items/x", content=b"X").text == "stored"
        assert two.client.get("/api/items/x").content == b"X"
        assert two.client.get("/api/items/none").status_code == 404
        assert two.client.get("/api/people/nowhere?age=1").json() == []
    said = one.output() + two.output()
    copied = re.findall(r'copied \["' + names["inbox"] + r"/(\S+)\.txt", said)
    assert sorted(copied) == sorted(wanted)
    assert '{"owner": "me"}' in said


def _wait(apps: tuple[FuncApp, FuncApp], pattern: str, count: int) -> None:
    """Until both together have said it so often."""
    deadline = time.monotonic() + PATIENCE
    while sum(len(re.findall(pattern, app.output())) for app in apps) < count:
        assert time.monotonic() < deadline, f"no {pattern!r}, {count} times"
        time.sleep(0.05)


@pytest.fixture
def extension() -> None:
    if importlib.util.find_spec("azurefunctions") and importlib.util.find_spec(EXTENSION):
        return
    why = "azurefunctions-extensions-bindings-blob is not installed"
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


@pytest.mark.usefixtures("extension")
def test_functions_get_clients_of_the_sdk(azurite: str, tmp_path: Path) -> None:
    names = fresh("samples", "watched")
    root = copy_of_app("blob_clients", tmp_path, names)
    env = {"AzureWebJobsStorage": azurite, "AzureFunctionsWebHost__hostid": names["watched"]}
    put(azurite, f"{names['samples']}/a", b"content")
    with FuncApp(root, env=env) as app:
        assert app.client.get("/api/client/a").json() == [names["samples"], "a", True]
        assert app.client.get("/api/client/b").json() == [names["samples"], "b", False]
        assert app.client.get("/api/container").json() == ["a"]
        assert app.client.get("/api/stream/a").text == "content"
        put(azurite, f"{names['watched']}/w", b"new")
        app.wait_for("watched w: b'new'")
    assert "Traceback" not in app.output()


@pytest.mark.usefixtures("extension")
def test_the_embedded_store_says_that_it_has_no_clients(tmp_path: Path) -> None:
    with FuncApp(APPS / "blob_clients", copy_to=tmp_path) as app:
        text = app.wait_for("Run Azurite", count=4)
        assert "The 'watched' function is in error" in text
        assert "function 'stream', binding 'stream'" in text
