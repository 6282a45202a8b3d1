"""How many invocations of a function run at once in this host, over all workers and reloads.

Only functions with a limit come here: others cost nothing. The host counts, for it alone sees all
workers; a worker asks it for each request to an HTTP function with a limit.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from lazulite.model import FunctionSpec
from lazulite.wire.peer import Answer

_Holder = tuple[int, int]  # the worker's number, the worker's number for the permit


class Permits:
    """`adopt` the functions, then `hold` one permit for each invocation. Who waits goes in turn."""

    def __init__(self) -> None:
        self._turnstiles: dict[str, _Turnstile] = {}
        self._held: dict[_Holder, _Turnstile] = {}
        self._waiting: dict[_Holder, asyncio.Task[Any]] = {}

    def adopt(self, functions: Mapping[str, FunctionSpec]) -> None:
        """Have these limits from now on; what runs goes on, above them too."""
        for name, turnstile in self._turnstiles.items():
            turnstile.change(functions[name].concurrency if name in functions else None)
        for spec in functions.values():
            if spec.concurrency is not None and spec.name not in self._turnstiles:
                self._turnstiles[spec.name] = _Turnstile(spec.concurrency)

    @asynccontextmanager
    async def hold(self, function: str) -> AsyncIterator[None]:
        """Wait for a permit, and keep it for the time of the `with` block."""
        turnstile = self._turnstiles.get(function)
        if turnstile is None:
            yield
            return
        await turnstile.enter()
        try:
            yield
        finally:
            turnstile.leave()

    # what workers ask

    async def wanted(self, body: Any, parts: list[bytes]) -> Answer:
        """The `permit` call: answered when the worker may go on."""
        turnstile = self._turnstiles.get(body["function"])
        holder = (body["worker"], body["number"])
        task = asyncio.current_task()
        if turnstile is not None and task is not None:
            self._waiting[holder] = task
            try:
                await turnstile.enter()
            finally:
                del self._waiting[holder]
            self._held[holder] = turnstile
        return None, []

    def returned(self, body: Any, parts: list[bytes]) -> None:
        """The `release` notice: the invocation has ended, or nobody waits for its turn any more."""
        self._release((body["worker"], body["number"]))

    def gone(self, worker: int) -> None:
        """A worker ended: its permits are free again."""
        for holder in [h for h in (*self._held, *self._waiting) if h[0] == worker]:
            self._release(holder)

    def _release(self, holder: _Holder) -> None:
        waiting = self._waiting.get(holder)
        if waiting is not None:
            waiting.cancel()
        turnstile = self._held.pop(holder, None)
        if turnstile is not None:
            turnstile.leave()


class _Turnstile:
    """A semaphore whose limit may change; None: no limit."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._inside = 0
        self._queue: deque[asyncio.Future[None]] = deque()

    def change(self, limit: int | None) -> None:
        self._limit = limit
        self._admit()

    async def enter(self) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        self._admit()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._queue.remove(turn)
            else:  # it was let in and cancelled in the same moment
                self.leave()
            raise

    def leave(self) -> None:
        self._inside -= 1
        self._admit()

    def _admit(self) -> None:
        while self._queue and (self._limit is None or self._inside < self._limit):
            turn = self._queue.popleft()
            if not turn.cancelled():
                self._inside += 1
                turn.set_result(None)
