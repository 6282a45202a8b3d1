"""Storage for tests: an embedded account in a temporary folder behind every connection."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lazulite.abc import Account, QueueMessage
from lazulite.config.connections import find_connection
from lazulite.stores.embedded.account import open_embedded
from lazulite.testing.clock import ManualClock

_LOCAL = "usedevelopmentstorage=true"


class TestAccounts:
    """abc.Accounts without a network: connections with the same text share an account; one that is
    not set, or names the emulator, is the app's default account.

    So a test needs no local.settings.json, and never reaches a real account whatever is set.
    folder: where the files are; clock: of the storage, None for the machine's; watch: wraps each
    service, to see what is going on.
    """

    __test__ = False  # no test class, whatever pytest makes of its name

    def __init__(
        self,
        folder: str,
        settings: Mapping[str, str],
        clock: ManualClock | None,
        watch: Callable[[Any], Any],
        *,
        interval: float,
        durable: bool,
    ) -> None:
        self._folder = folder
        self._settings = settings
        self._clock = clock
        self._watch = watch
        self._interval = interval
        self._durable = durable
        self._texts: list[str] = [""]
        self._opened: dict[int, Account] = {}

    def get(self, connection: str, function: str, binding: str) -> Account:
        number = self._number(connection)
        if number not in self._opened:
            self._opened[number] = self._open(number)
        return self._opened[number]

    def _number(self, connection: str) -> int:
        found = find_connection(connection, self._settings)
        default = find_connection("", self._settings)
        text = _text(found)
        if text in ("", _text(default)):
            return 0
        if text not in self._texts:
            self._texts.append(text)
        return self._texts.index(text)

    def _open(self, number: int) -> Account:
        name = "storage" if number == 0 else f"storage-{number}"
        account = open_embedded(
            os.path.join(self._folder, name),
            now=self._clock.timestamp if self._clock else time.time,
            interval=self._interval,
            durable=self._durable,
        )
        queues: Any = account.queues
        if self._clock is not None:
            queues = PlannedQueues(queues, self._clock)
        return replace(
            account,
            queues=self._watch(queues),
            blobs=self._watch(account.blobs),
            tables=self._watch(account.tables),
            state=self._watch(account.state),
            queue_admin=self._watch(account.queue_admin),
            blob_admin=self._watch(account.blob_admin),
        )

    async def close(self) -> None:
        """Close what was opened."""
        for account in self._opened.values():
            await account.close()
        self._opened.clear()


class PlannedQueues:
    """A queue store that has a manual clock wake listeners when hidden messages come into sight:
    with a real one they find them at their next look."""

    def __init__(self, inner: Any, clock: ManualClock) -> None:
        self._inner = inner
        self._clock = clock
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}

    async def put(
        self,
        queue: str,
        bodies: Sequence[bytes],
        *,
        delay: float = 0.0,
        time_to_live: float | None = None,
    ) -> None:
        await self._inner.put(queue, bodies, delay=delay, time_to_live=time_to_live)
        self._plan(queue, delay)

    async def update(self, queue: str, message: QueueMessage, visibility: float) -> QueueMessage:
        updated: QueueMessage = await self._inner.update(queue, message, visibility)
        self._plan(queue, visibility)
        return updated

    async def receive(self, queue: str, count: int, visibility: float) -> list[QueueMessage]:
        received: list[QueueMessage] = await self._inner.receive(queue, count, visibility)
        return received

    async def delete(self, queue: str, messages: Sequence[QueueMessage]) -> None:
        await self._inner.delete(queue, messages)

    def arrived(self, queue: str) -> Awaitable[None]:
        hint: asyncio.Future[None] = self._inner.arrived(queue)
        waiting = [w for w in self._waiting.get(queue, ()) if not w.done()]
        self._waiting[queue] = [*waiting, hint]
        return hint

    def _plan(self, queue: str, seconds: float) -> None:
        if seconds > 0:
            self._clock.plan(seconds, lambda: self._wake(queue))

    def _wake(self, queue: str) -> None:
        for hint in self._waiting.pop(queue, ()):
            if not hint.done():
                hint.set_result(None)


def _text(found: Any) -> str:
    """What tells accounts apart; '' for none and for the emulator."""
    if found is None:
        return ""
    if found.value is None:
        return repr(sorted(found.section.items()))
    value = found.value.strip().rstrip(";")
    return "" if value.lower() == _LOCAL else value
