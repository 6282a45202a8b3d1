"""Looks into the embedded store of an app under test."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

from lazulite.abc import Account
from lazulite.errors import NotFound
from lazulite.stores.accounts import StorageAccounts

T = TypeVar("T")
PATIENCE = 60.0  # seconds that only a failing test waits


def in_store(root: Path, work: Callable[[Account], Awaitable[T]]) -> T:
    """Do something with the app's account."""

    async def main() -> T:
        accounts = StorageAccounts({}, str(root / ".lazulite"))
        try:
            return await work(accounts.get("", "", ""))
        finally:
            await accounts.close()

    return asyncio.run(main())


def put(root: Path, queue: str, bodies: Sequence[bytes]) -> None:
    in_store(root, lambda account: account.queues.put(queue, bodies))


def length(root: Path, queue: str) -> int:
    async def work(account: Account) -> int:
        try:
            return await account.queue_admin.length(queue)
        except NotFound:
            return 0

    return in_store(root, work)


def bodies(root: Path, queue: str) -> list[bytes]:
    """All messages that are visible."""

    async def work(account: Account) -> list[bytes]:
        try:
            return [m.body for m in await account.queue_admin.peek(queue, 100_000)]
        except NotFound:
            return []

    return in_store(root, work)


def wait_until_empty(root: Path, queue: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while left := length(root, queue):
        assert time.monotonic() < deadline, f"{left} messages stay in '{queue}'"
        time.sleep(0.1)
