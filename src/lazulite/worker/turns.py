"""Requests that wait for their turn: the limits on how many run at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from lazulite.worker.body import ClientGone
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
    async def turn(self, target: Target, proto: Any = None) -> AsyncIterator[None]:
        """Wait; then the request may run until the `with` block ends. proto: the server's protocol,
        where it can tell that the client leaves. Raises ClientGone: nobody wants the answer."""
        permit = self._uplink.next_permit() if target.spec.concurrency is not None else None
        try:
            self._runtime.queued += 1
            try:
                await self._wait_unless_gone(target, permit, proto)
            finally:
                self._runtime.queued -= 1
            try:
                yield
            finally:
                self._leave()
        finally:
            if permit is not None:
                self._uplink.release(permit)

    async def _wait_unless_gone(self, target: Target, permit: int | None, proto: Any) -> None:
        if proto is None:
            await self._wait(target, permit)
            return
        waiting = asyncio.ensure_future(self._wait(target, permit))
        gone = asyncio.ensure_future(proto.client_disconnect())
        try:
            await asyncio.wait({waiting, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                raise ClientGone
            waiting.result()
        except BaseException:
            if not waiting.cancel() and not waiting.cancelled() and waiting.exception() is None:
                self._leave()
            raise
        finally:
            gone.cancel()

    async def _wait(self, target: Target, permit: int | None) -> None:
        # the function's permit first: who waits for that holds none of the worker's turns
        if permit is not None:
            await self._uplink.permit(target.name, permit)
        if self._running is not None:
            await self._running.acquire()

    def _leave(self) -> None:
        if self._running is not None:
            self._running.release()
