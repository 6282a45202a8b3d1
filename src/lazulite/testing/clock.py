"""A clock that stands still until a test moves it."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable
from datetime import datetime, timedelta, timezone


class ManualClock:
    """abc.Clock whose time passes only when it is told to.

    now: where it starts, aware (a naive one is taken as UTC); the current time when left out.
    """

    def __init__(self, now: datetime | None = None) -> None:
        self._now = as_utc(now) if now is not None else datetime.now(timezone.utc)
        self._numbers = itertools.count()
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._planned: list[tuple[datetime, int, Callable[[], None]]] = []

    def now(self) -> datetime:
        return self._now

    def timestamp(self) -> float:
        """`now` as seconds since the epoch."""
        return self._now.timestamp()

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        due = self._in(seconds)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (due, next(self._numbers), done))
        await done

    def next_due(self) -> datetime | None:
        """When the next sleeper wakes; None when nobody sleeps."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    def plan(self, seconds: float, call: Callable[[], None]) -> None:
        """Have `call` called when so many seconds have passed."""
        heapq.heappush(self._planned, (self._in(seconds), next(self._numbers), call))

    def next_planned(self) -> datetime | None:
        """When the next planned call is due."""
        return self._planned[0][0] if self._planned else None

    def set(self, instant: datetime) -> None:
        """Make it `instant` without waking anyone."""
        self._now = as_utc(instant)

    def _in(self, seconds: float) -> datetime:
        try:
            return self._now + timedelta(seconds=seconds)
        except OverflowError:
            return datetime.max.replace(tzinfo=timezone.utc)

    def move_to(self, instant: datetime) -> None:
        """Make it `instant`, earlier ones too, and wake those whose time has come.

        They run when the event loop does next. `client.advance` moves through every instant at
        which something happens; this jumps.
        """
        self._now = as_utc(instant)
        while (due := self.next_due()) is not None and due <= self._now:
            _, _, done = heapq.heappop(self._sleepers)
            done.set_result(None)
        while self._planned and self._planned[0][0] <= self._now:
            _, _, call = heapq.heappop(self._planned)
            call()


class SkippingClock:
    """The same time, for those whose delays a test does not want to wait for: retries."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        return self._clock.now()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


def as_utc(instant: datetime) -> datetime:
    """`instant` as aware UTC; a naive one is taken as UTC already. Raises TypeError."""
    if not isinstance(instant, datetime):
        raise TypeError(f"{instant!r} is no datetime.")
    if instant.tzinfo is None:
        return instant.replace(tzinfo=timezone.utc)
    return instant.astimezone(timezone.utc)
