"""What every StateStore and LeaseStore must do."""

from __future__ import annotations

import asyncio

import pytest

from lazulite.abc import Account
from lazulite.errors import Conflict
from tests.contracts.conftest import Run


def test_documents(run: Run, name: str) -> None:
    path = f"{name}/timers/host/Host.Functions.f/status"

    async def body(account: Account) -> None:
        state = account.state
        assert await state.read(path) is None
        first = await state.write(path, b"one")
        read = await state.read(path)
        assert read is not None
        assert (read.body, read.version) == (b"one", first)
        second = await state.write(path, b"two")
        assert second != first
        await state.delete(path)
        await state.delete(path)
        assert await state.read(path) is None

    run(body)


def test_conditional_writes(run: Run, name: str) -> None:
    path = f"{name}/keys/host.json"

    async def body(account: Account) -> None:
        state = account.state
        first = await state.write(path, b"one", create=True)
        with pytest.raises(Conflict, match=path):
            await state.write(path, b"two", create=True)
        second = await state.write(path, b"two", version=first)
        with pytest.raises(Conflict, match=path):
            await state.write(path, b"three", version=first)
        read = await state.read(path)
        assert read is not None
        assert (read.body, read.version) == (b"two", second)
        await state.delete(path)
        with pytest.raises(Conflict, match=path):
            await state.write(path, b"three", version=second)

    run(body)


def test_of_many_creators_one_wins(run: Run, name: str) -> None:
    async def body(account: Account) -> None:
        async def create(i: int) -> bool:
            try:
                await account.state.write(f"{name}/receipt", b"%d" % i, create=True)
            except Conflict:
                return False
            return True

        assert sum(await asyncio.gather(*(create(i) for i in range(8)))) == 1

    run(body)


def test_listing(run: Run, name: str) -> None:
    async def body(account: Account) -> None:
        state = account.state
        assert await state.list(f"{name}/") == []
        for path in ("b/2", "a/1", "b/1", "bb"):
            await state.write(f"{name}/{path}", b"")
        assert await state.leases().acquire(f"{name}/b/lock", "me", 15)
        assert await state.list(f"{name}/b/") == [f"{name}/b/{x}" for x in ("1", "2", "lock")]
        assert len(await state.list(name)) == 5

    run(body)


def test_a_lease_is_exclusive(run: Run, name: str) -> None:
    path = f"{name}/locks/host/Host.Functions.f.Listener"

    async def body(account: Account) -> None:
        leases = account.state.leases()
        mine = await leases.acquire(path, "me", 15)
        assert mine is not None
        assert await leases.acquire(path, "you", 15) is None
        assert await leases.acquire(path, "me", 15) == mine
        assert await leases.renew(path, mine, 15)
        assert not await leases.renew(path, "00000000-0000-0000-0000-000000000000", 15)
        document = await account.state.read(path)
        assert document is not None
        assert (document.body, document.metadata["FunctionInstance"]) == (b"", "me")

        await leases.release(path, mine)
        await leases.release(path, mine)
        yours = await leases.acquire(path, "you", 15)
        assert yours is not None
        assert not await leases.renew(path, mine, 15)
        await leases.release(path, mine)  # not ours any more: nothing happens
        assert await leases.acquire(path, "me", 15) is None
        assert not await leases.renew(f"{name}/absent", mine, 15)

    run(body)


def test_of_many_owners_one_wins(run: Run, name: str) -> None:
    async def body(account: Account) -> None:
        leases = account.state.leases()
        won = await asyncio.gather(
            *(leases.acquire(f"{name}/lock", f"host-{i}", 15) for i in range(8))
        )
        assert len([lease for lease in won if lease]) == 1

    run(body)
