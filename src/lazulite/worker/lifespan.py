"""The ASGI lifespan of an app: its startup before the first request, its shutdown at the end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from lazulite.worker.asgi import ASGI

SHUTDOWN = 10.0  # seconds that an app may take to shut down


class StartupFailed(RuntimeError):
    """The app said, or showed, that it cannot start."""


class Lifespan:
    """Runs an app's lifespan. An app that knows none is served without, as ASGI has it.

    function: for messages. `start` may be awaited by every request; a failed one is tried again
    by the next.
    """

    def __init__(self, app: Any, function: str) -> None:
        self._app = app
        self._function = function
        self._state: dict[str, Any] = {}
        self._starting: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._events: asyncio.Queue[Mapping[str, Any]]
        self._down: asyncio.Event

    @property
    def state(self) -> dict[str, Any]:
        """What the app put in `scope["state"]` at its startup: each request gets a copy."""
        return dict(self._state)

    async def start(self) -> None:
        """Return when the app is up. Raises StartupFailed."""
        if self._starting is None:
            self._starting = asyncio.get_running_loop().create_future()
            self._events = asyncio.Queue()
            self._down = asyncio.Event()
            self._events.put_nowait({"type": "lifespan.startup"})
            self._task = asyncio.create_task(self._live(self._starting))
        starting = self._starting
        try:
            await asyncio.shield(starting)
        except StartupFailed:
            if self._starting is starting:
                self._starting = None
            raise

    async def stop(self) -> None:
        """Have the app shut down; waits for it, not for ever."""
        task, self._task = self._task, None
        if task is None or task.done():
            return
        self._events.put_nowait({"type": "lifespan.shutdown"})
        down = asyncio.ensure_future(self._down.wait())
        try:
            await asyncio.wait({task, down}, timeout=SHUTDOWN, return_when="FIRST_COMPLETED")
            if not self._down.is_set() and not task.done():
                _log.error(
                    "The ASGI app of function '%s' did not shut down within %g s.",
                    self._function,
                    SHUTDOWN,
                )
        finally:
            down.cancel()
            task.cancel()

    async def _live(self, starting: asyncio.Future[None]) -> None:
        async def send(message: Mapping[str, Any]) -> None:
            kind = message["type"]
            if kind == "lifespan.startup.complete" and not starting.done():
                starting.set_result(None)
            elif kind == "lifespan.startup.failed" and not starting.done():
                starting.set_exception(self._failed(message.get("message") or "no reason given"))
                starting.exception()  # seen: nobody may be waiting
            elif kind == "lifespan.shutdown.failed":
                _log.error(
                    "The ASGI app of function '%s' failed to shut down: %s",
                    self._function,
                    message.get("message") or "no reason given",
                )
                self._down.set()
            elif kind == "lifespan.shutdown.complete":
                self._down.set()

        scope = {
            "type": "lifespan",
            "asgi": ASGI,
            "asgi.version": ASGI["version"],
            "asgi.spec_version": ASGI["spec_version"],
            "state": self._state,
        }
        try:
            await self._app(scope, self._events.get, send)
        except Exception as error:
            if starting.done() and not starting.exception():
                _log.error(
                    "The ASGI app of function '%s' failed to shut down: %s: %s",
                    self._function,
                    type(error).__name__,
                    error,
                    exc_info=error,
                )
        finally:
            # an app that raises, or returns, without a word has no lifespan
            if not starting.done():
                starting.set_result(None)
            self._down.set()

    def _failed(self, reason: str) -> StartupFailed:
        return StartupFailed(
            f"The ASGI app of function '{self._function}' failed to start: {reason.strip()}"
        )


_log = logging.getLogger()
