"""Requests that wait for their turn: the limits on how many run at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from lazulite.worker.runtime import Runtime
from lazulite.worker.targets import Target
from lazulite.worker.uplink import Uplink


class Turns:
    """most: requests of this worker that run at once, 0 or less for any number. The limit of a
    single function is the host's to count."""

    def __init__(self, runtime: Runtime, uplink: Uplink, most: int) -> None:
        self._runtime = runtime
        self._uplink = uplink
        self._running = asyncio.Semaphore(most) if most > 0 else None

    @asynccontextmanager
    async def turn(self, target: Target) -> AsyncIterator[None]:
        """Wait; then the request may run until the `with` block ends."""
        permit: int | None = None
        running = self._running
        limited = target.spec.concurrency is not None
        try:
            self._runtime.queued += 1
            try:
                # the function's first: who waits for that holds none of the worker's turns
                if limited:
                    permit = self._uplink.next_permit()
                    await self._uplink.permit(target.name, permit)
                if running is not None:
                    await running.acquire()
            finally:
                self._runtime.queued -= 1
            try:
                yield
            finally:
                if running is not None:
                    running.release()
        finally:
            if permit is not None:
                self._uplink.release(permit)
