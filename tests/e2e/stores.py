"""Looks into the store of an app under test: the embedded one in its folder (a path), or the
storage account of a connection string."""

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


def in_store(store: Path | str, work: Callable[[Account], Awaitable[T]]) -> T:
    """Do something with the app's account."""
    settings = {"AzureWebJobsStorage": store} if isinstance(store, str) else {}
    folder = "" if isinstance(store, str) else str(store / ".lazulite")

    async def main() -> T:
        accounts = StorageAccounts(settings, folder)
        try:
            return await work(accounts.get("", "", ""))
        finally:
            await accounts.close()

    return asyncio.run(main())


def put(store: Path | str, queue: str, bodies: Sequence[bytes]) -> None:
    in_store(store, lambda account: account.queues.put(queue, bodies))


def length(store: Path | str, queue: str) -> int:
    async def work(account: Account) -> int:
        try:
            return await account.queue_admin.length(queue)
        except NotFound:
            return 0

    return in_store(store, work)


def bodies(store: Path | str, queue: str) -> list[bytes]:
    """The messages that are visible; of an Azure account at most 32."""

    async def work(account: Account) -> list[bytes]:
        try:
            count = 32 if account.kind == "azure" else 100_000
            return [m.body for m in await account.queue_admin.peek(queue, count)]
        except NotFound:
            return []

    return in_store(store, work)


def wait_until_empty(store: Path | str, queue: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while left := length(store, queue):
        assert time.monotonic() < deadline, f"{left} messages stay in '{queue}'"
        time.sleep(0.1)
