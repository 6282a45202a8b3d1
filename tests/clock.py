"""A clock that tests own, and waiting for what they expect."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

START = datetime(2030, 1, 1, tzinfo=timezone.utc)
PATIENCE = 20.0  # seconds that only a failing test waits


class FakeClock:
    """abc.Clock that stands still until `advance`."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._numbers = itertools.count()
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._now

    def time(self) -> float:
        """Seconds since the epoch, for stores."""
        return self._now.timestamp()

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        until = self._now + timedelta(seconds=seconds)
        heapq.heappush(self._sleepers, (until, next(self._numbers), waiter))
        await waiter

    @property
    def pauses(self) -> list[float]:
        """How much longer each sleeper sleeps, in seconds."""
        return sorted(
            (until - self._now).total_seconds() for until, _, w in self._sleepers if not w.done()
        )

    async def advance(self, seconds: float) -> None:
        """Go on, waking sleepers in their order."""
        target = self._now + timedelta(seconds=seconds)
        while self._sleepers and self._sleepers[0][0] <= target:
            until, _, waiter = heapq.heappop(self._sleepers)
            self._now = max(self._now, until)
            if not waiter.done():
                waiter.set_result(None)
                for _ in range(10):
                    await asyncio.sleep(0)
        self._now = target


async def eventually(condition: Callable[[], object], what: str = "it") -> None:
    """Wait until the condition holds; fail when it never does."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"{what} never came"
        await asyncio.sleep(0.001)
