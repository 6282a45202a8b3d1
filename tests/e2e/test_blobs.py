"""Blobs over a process: large ones on their way through files, and kills while they are."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from lazulite.abc import Account
from lazulite.errors import NotFound
from lazulite.stores.embedded.account import open_embedded
from tests.e2e.harness import APPS, PATIENCE, FuncApp

T = TypeVar("T")
BINARY = bytes(range(256))


def in_store(root: Path, body: Callable[[Account], Awaitable[T]]) -> T:
    """Look into the app's embedded store from another process than its host."""

    async def main() -> T:
        account = open_embedded(str(root / ".lazulite" / "devstoreaccount1"))
        try:
            return await body(account)
        finally:
            await account.close()

    return asyncio.run(main())


def put(root: Path, path: str, content: bytes, **metadata: str) -> None:
    container, _, name = path.partition("/")
    in_store(root, lambda a: a.blobs.upload(container, name, content, metadata=metadata))


def listed(root: Path, container: str) -> dict[str, bytes]:
    async def body(account: Account) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        target = str(root / "found.tmp")
        try:
            async for blob in account.blobs.list(container):
                await account.blobs.download(container, blob.name, target)
                found[blob.name] = Path(target).read_bytes()
        except NotFound:
            pass
        return found

    return in_store(root, body)


def wait_for_blobs(app: FuncApp, container: str, count: int) -> dict[str, bytes]:
    """The blobs of a container, when there are so many."""
    deadline = time.monotonic() + PATIENCE
    while len(found := listed(app.root, container)) < count:
        assert time.monotonic() < deadline, f"only {sorted(found)}"
    return found


def spool_of(root: Path) -> list[str]:
    return [p.name for s in (root / ".lazulite").glob("spool-*") if s.is_dir() for p in s.iterdir()]


def test_new_and_changed_blobs_run_their_functions(tmp_path: Path) -> None:
    with FuncApp(APPS / "blobs", copy_to=tmp_path) as app:
        large = BINARY * 40_000
        assert app.client.put("/api/items/7", content=large).text == "stored"
        assert app.client.get("/api/items/7").content == large
        assert spool_of(app.root) == []

        put(app.root, "inbox/a/one.txt", b"first", owner="me")
        app.wait_for('copied ["inbox/a/one.txt", 5, {"owner": "me"}, "application/octet-stream"]')
        put(app.root, "inbox/a/one.txt", b"second!")
        found = wait_for_blobs(app, "outbox", 2)
        assert sorted(found.values()) == [b"FIRST", b"SECOND!"]
        assert all(re.fullmatch(r"a-one-[0-9a-f]{32}\.txt", name) for name in found)
        app.wait_for("New blob detected(LogsAndContainerScan): inbox/a/one.txt", count=2)

        put(app.root, "streams/large", large)
        assert wait_for_blobs(app, "streamed", 1) == {"large": large}

        by_hand = {"input": "streams/large"}
        assert app.client.post("/admin/functions/streamed", json=by_hand).status_code == 202
        app.wait_for("Executed 'Functions.streamed' (Succeeded", count=2)

        put(app.root, "bad/x", b"123")
        app.wait_for("ValueError: 3 bytes of no use", count=3)
        app.wait_for("webjobs-blobtrigger-poison")
        assert app.stop() == 0
    assert spool_of(app.root) == []
    (poison,) = in_store(app.root, lambda a: a.queue_admin.peek("webjobs-blobtrigger-poison", 32))
    assert json.loads(poison.body)["BlobName"] == "x"


@pytest.mark.parametrize("victim", ["worker", "host"])
def test_an_output_is_never_half_written(tmp_path: Path, victim: str) -> None:
    app = FuncApp(APPS / "blobs", copy_to=tmp_path)
    put(app.root, "slow/x", b"old")
    with app:
        sender = threading.Thread(target=_send_slowly, args=(app.url,))
        sender.start()
        app.wait_for("writing in process")
        while not spool_of(app.root):
            pass
        assert app.client.get("/api/items/none").status_code == 404  # nobody waits for it
        if victim == "worker":
            os.kill(app.worker_pids[0], signal.SIGKILL)
        else:
            app.kill()
        sender.join(PATIENCE)
        assert listed(app.root, "slow") == {"x": b"old"}
        if victim == "worker":
            app.wait_for("was killed (SIGKILL)")
            while spool_of(app.root):
                pass
    with FuncApp(app.root) as app:
        assert spool_of(app.root) == []
        assert app.client.post("/api/slow/x?pieces=6&seconds=0").text == "stored"
        assert listed(app.root, "slow") == {"x": b"." * 6_000_000}


def _send_slowly(url: str) -> None:
    try:
        httpx.post(f"{url}/api/slow/x?pieces=40&seconds=0.05", timeout=PATIENCE)
    except httpx.HTTPError:
        pass  # its server is gone


def test_blobs_outlive_kills_of_the_host(tmp_path: Path) -> None:
    """Blobs that come while hosts are killed at any moment run at least once each."""
    root = Path(shutil.copytree(APPS / "blobs", tmp_path / "blobs"))
    wanted = {f"a/{number}" for number in range(60)}

    def write() -> None:
        for name in sorted(wanted):
            put(root, f"inbox/{name}.txt", name.encode())

    writer = threading.Thread(target=write)
    writer.start()
    for _ in range(3):
        with FuncApp(root) as app:
            app.wait_for("copied", count=5)
            app.kill()
    writer.join()
    with FuncApp(root) as app:
        deadline = time.monotonic() + PATIENCE

        # what a killed host had in hand comes back when its lease ends: not waited for here
        def done() -> set[str]:
            return {c.decode().lower() for c in listed(root, "outbox").values()}

        def left() -> int:
            async def body(account: Account) -> int:
                (queue,) = [q for q in await account.queue_admin.queues() if "blobtrigger-" in q]
                return await account.queue_admin.length(queue)

            return in_store(root, body)

        while len(wanted - done()) > left():
            assert time.monotonic() < deadline, sorted(wanted - done())
