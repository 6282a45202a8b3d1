"""How a worker leaves without a client noticing."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from lazulite.worker.doors import Doors
from lazulite.worker.handover import HandOver
from lazulite.worker.runtime import Runtime

FLUSH = 5.0  # seconds that slow clients have to take their answers


async def drain(
    doors: Doors, server: Any, front: Any, runtime: Runtime, hand_over: bool, linger: float
) -> None:
    """Return when all that ran has ended, its answers have left, and no client is connected.

    New connections go to other workers at once. On those there are, each next answer is the last,
    so that busy clients move on by themselves; idle ones are closed after `linger` seconds.
    """
    doors.close()
    front.close_connections()
    passing = None
    if hand_over:
        host, port, _ = doors.address()
        passing = HandOver(host, port, front.body_limit, front.serve)
        front.divert(passing.handle)
    await _until(lambda: not doors.connections(), linger, 0.02)
    server.stop()  # idle connections end now, busy ones with their request
    while runtime.open_calls or (passing is not None and passing.running):
        await asyncio.sleep(0.01)
    await _until(lambda: not doors.connections(), FLUSH, 0.01)


async def _until(done: Any, seconds: float, step: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not done():
        await asyncio.sleep(step)
        step = min(step * 1.3, 0.2)
