"""How a worker leaves without a client noticing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from lazulite.worker.doors import Doors
from lazulite.worker.handover import HandOver
from lazulite.worker.runtime import Runtime

FLUSH = 5.0  # seconds that slow clients have to take their answers
_SHARE = 20  # times as long as counting connections took is waited until the next count


class Retreat:
    """`begin`, then `end`.

    New connections go to other workers at once. On those there are, each next answer is the last,
    so that busy clients move on by themselves; idle ones are closed a while later.
    """

    def __init__(self, doors: Doors, server: Any, front: Any, runtime: Runtime) -> None:
        self._doors = doors
        self._server = server
        self._front = front
        self._runtime = runtime
        self._passing: HandOver | None = None

    def begin(self, hand_over: bool) -> None:
        """Take no more connections. hand_over: pass requests on to the workers that do."""
        self._doors.close()
        self._front.close_connections()
        if hand_over:
            host, port = self._doors.address()
            self._passing = HandOver(
                host, port, self._server.secure, self._front.body_limit, self._front.serve
            )
            self._front.divert(self._passing.handle)

    async def end(self, linger: float) -> None:
        """Return when all that ran has ended, its answers have left, and no client is connected.
        linger: seconds until idle connections are closed."""
        await _until(lambda: not self._doors.connections(), linger, 0.02)
        self._server.stop()  # idle connections end now, busy ones with their request
        while self._runtime.open_calls or (self._passing is not None and self._passing.running):
            await asyncio.sleep(0.01)
        await _until(lambda: not self._doors.connections(), FLUSH, 0.01)


async def _until(done: Callable[[], bool], seconds: float, step: float) -> None:
    """Return when it is done, or after so many seconds. It is asked ever less often, and the less
    often the longer it takes to tell."""
    end = time.monotonic() + seconds
    while (asked := time.monotonic()) < end and not done():
        await asyncio.sleep(max(step, _SHARE * (time.monotonic() - asked)))
        step = min(step * 1.3, 0.2)
