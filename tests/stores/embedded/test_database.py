"""Opening, damage, and many operations in one transaction."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from lazulite.abc import Account
from lazulite.errors import Conflict, NotFound, StoreError, StoreUnavailable
from lazulite.stores.embedded.account import open_embedded
from lazulite.stores.embedded.database import Database


def run(folder: Path, body: Callable[[Account], Awaitable[None]]) -> None:
    async def main() -> None:
        account = open_embedded(str(folder))
        try:
            await body(account)
        finally:
            await account.close()

    asyncio.run(main())


async def put(account: Account) -> None:
    await account.queues.put("work", [b"x"])


def test_opening_makes_nothing_before_the_first_operation(tmp_path: Path) -> None:
    async def nothing(account: Account) -> None: ...

    run(tmp_path / "store", nothing)
    assert not (tmp_path / "store").exists()


def test_what_was_put_is_there_after_reopening(tmp_path: Path) -> None:
    async def length(account: Account) -> None:
        assert await account.queue_admin.length("work") == 1

    run(tmp_path / "a" / "b", put)
    run(tmp_path / "a" / "b", length)


@pytest.mark.parametrize("damage", ["garbage", "cut", "foreign"])
def test_a_damaged_store_is_named_and_left_as_it_is(tmp_path: Path, damage: str) -> None:
    run(tmp_path, put)
    file = tmp_path / "store.db"
    if damage == "garbage":
        file.write_bytes(b"garbage" * 1000)
    elif damage == "cut":
        file.write_bytes(file.read_bytes()[:4096])
    else:
        with sqlite3.connect(file) as connection:
            connection.execute("DROP TABLE messages")
        connection.close()
    before = file.read_bytes()

    async def refused(account: Account) -> None:
        for _ in range(2):
            with pytest.raises(StoreError, match="damaged") as raised:
                await put(account)
            assert str(file) in raised.value.message
            assert "move its folder away" in (raised.value.hint or "")

    run(tmp_path, refused)
    assert file.read_bytes() == before


def test_a_newer_store_is_refused(tmp_path: Path) -> None:
    run(tmp_path, put)
    with sqlite3.connect(tmp_path / "store.db") as connection:
        connection.execute("PRAGMA user_version = 1000")
    connection.close()

    async def refused(account: Account) -> None:
        with pytest.raises(StoreError, match="newer version"):
            await put(account)

    run(tmp_path, refused)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    async def refused(account: Account) -> None:
        with pytest.raises(StoreError, match=r"store\.db failed"):
            await put(account)

    run(tmp_path / "file" / "store", refused)


def test_a_folder_is_usable_once_it_is_mended(tmp_path: Path) -> None:
    (tmp_path / "store.db").mkdir(parents=True)

    async def mended(account: Account) -> None:
        with pytest.raises(StoreError, match="cannot be opened"):
            await put(account)
        (tmp_path / "store.db").rmdir()
        await put(account)

    run(tmp_path, mended)


@pytest.mark.parametrize("what", ["folder", "file"])
def test_a_store_deleted_in_use_is_no_silent_loss(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "store"

    async def body(account: Account) -> None:
        await put(account)
        if what == "folder":
            shutil.rmtree(folder)
        else:
            (folder / "store.db").unlink()
        with pytest.raises(StoreError, match="deleted or replaced while it was in use"):
            await put(account)
        with pytest.raises(StoreError, match="deleted or replaced"):
            await account.queue_admin.length("work")

    run(folder, body)
    run(folder, put)


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    async def main() -> None:
        account = open_embedded(str(tmp_path))
        await put(account)
        await account.close()
        with pytest.raises(StoreError, match="closed"):
            await put(account)

    asyncio.run(main())


def test_one_failure_in_a_transaction_harms_no_other(tmp_path: Path) -> None:
    """Operations asked together share a transaction; each succeeds or fails by itself."""

    def insert(row: str, error: Exception | None = None) -> Callable[[sqlite3.Connection], str]:
        def operation(connection: sqlite3.Connection) -> str:
            connection.execute("INSERT INTO documents VALUES (?, '', '')", (row,))
            if error:
                raise error
            return row

        return operation

    def refuse(connection: sqlite3.Connection) -> str:
        raise NotFound("nothing")

    async def main() -> None:
        database = Database(str(tmp_path))
        results = await asyncio.gather(
            database.write(insert("a")),
            database.write(insert("b", Conflict("after writing"))),
            database.write(refuse),
            database.write(insert("c", ZeroDivisionError("a bug"))),
            database.write(insert("d")),
            return_exceptions=True,
        )
        assert [type(r) for r in results] == [str, Conflict, NotFound, StoreError, str]
        rows = await database.read(lambda c: c.execute("SELECT path FROM documents").fetchall())
        assert rows == [("a",), ("d",)]
        await database.close()

    asyncio.run(main())


def test_a_store_held_by_another_process_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lazulite.stores.embedded.database.BUSY_SECONDS", 0.01)

    async def body(account: Account) -> None:
        await put(account)
        holder = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        results = await asyncio.gather(put(account), put(account), return_exceptions=True)
        assert [type(result) for result in results] == [StoreUnavailable] * 2
        assert await account.queue_admin.length("work") == 1
        holder.execute("ROLLBACK")
        holder.close()
        await put(account)
        assert await account.queue_admin.length("work") == 2

    run(tmp_path, body)


def test_a_cancelled_receive_gives_its_messages_back(tmp_path: Path) -> None:
    async def body(account: Account) -> None:
        await account.queues.put("work", [b"%d" % i for i in range(100)])
        for i in range(50):
            receiving = asyncio.ensure_future(account.queues.receive("work", 2, 600))
            for _ in range(i % 5):
                await asyncio.sleep(0)
            receiving.cancel()
            await asyncio.gather(receiving, return_exceptions=True)
            if not receiving.cancelled():
                await account.queues.delete("work", receiving.result())
        left = await account.queue_admin.length("work")
        while len(await account.queue_admin.peek("work", 100)) < left:
            await asyncio.sleep(0)
        messages = await account.queues.receive("work", 32, 60)
        assert {m.dequeue_count for m in messages} == {1}

    run(tmp_path, body)


def test_leases_expire_by_the_clock(tmp_path: Path) -> None:
    now = 1_000_000.0

    async def main() -> None:
        nonlocal now
        account = open_embedded(str(tmp_path), now=lambda: now)
        leases = account.state.leases()
        mine = await leases.acquire("c/lock", "me", 15)
        assert mine
        now += 14
        assert await leases.renew("c/lock", mine, 15)
        now += 14
        assert await leases.acquire("c/lock", "you", 15) is None
        now += 2
        assert await leases.renew("c/lock", mine, 15)  # expired, but nobody took it
        now += 16
        assert await leases.acquire("c/lock", "you", 15)
        assert not await leases.renew("c/lock", mine, 15)

        await account.queues.put("work", [b"x"], delay=10, time_to_live=100)
        assert await account.queues.receive("work", 1, 30) == []
        now += 10
        assert len(await account.queues.receive("work", 1, 30)) == 1
        now += 29
        assert await account.queues.receive("work", 1, 30) == []
        now += 1
        assert (await account.queues.receive("work", 1, 30))[0].dequeue_count == 2
        now += 61
        assert await account.queues.receive("work", 1, 30) == []
        await account.close()

    asyncio.run(main())
