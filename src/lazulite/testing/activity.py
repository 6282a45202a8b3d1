"""Is anything still going on in the app? Counts what is under way, so that a test can wait for rest
instead of sleeping."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any


class Activity:
    """Operations under way (`open`), and how many there ever were (`count`).

    `begin`, `end` and `poke` are called in the loop; `poke_from_thread` anywhere.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.open = 0
        self.count = 0
        self._loop = loop
        self._waiter: asyncio.Future[None] | None = None

    def begin(self) -> None:
        self.open += 1
        self.count += 1

    def end(self) -> None:
        self.open -= 1
        self.poke()

    def poke(self) -> None:
        """Have the waiter look again."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def poke_from_thread(self) -> None:
        if self._waiter is not None:
            self._loop.call_soon_threadsafe(self.poke)

    async def changed(self, timeout: float) -> bool:
        """Return when an operation ended; False after `timeout` seconds without one."""
        self._waiter = self._loop.create_future()
        try:
            await asyncio.wait_for(self._waiter, timeout)
        except asyncio.TimeoutError:
            return False
        finally:
            self._waiter = None
        return True


class Counted:
    """An object whose coroutine methods count as activity. Hints (`arrived`, `changed`), which wait
    for things to happen, do not."""

    def __init__(self, inner: Any, activity: Activity) -> None:
        self._inner = inner
        self._activity = activity

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if inspect.iscoroutinefunction(found):
            found = _counted(found, self._activity)
        elif inspect.isasyncgenfunction(found):
            found = _counted_iteration(found, self._activity)
        elif name == "leases":
            leases = found
            found = lambda: Counted(leases(), self._activity)  # noqa: E731
        setattr(self, name, found)
        return found


def _counted(method: Callable[..., Any], activity: Activity) -> Callable[..., Any]:
    async def call(*args: Any, **kwargs: Any) -> Any:
        activity.begin()
        try:
            return await method(*args, **kwargs)
        finally:
            activity.end()

    return call


def _counted_iteration(method: Callable[..., Any], activity: Activity) -> Callable[..., Any]:
    async def call(*args: Any, **kwargs: Any) -> Any:
        activity.begin()
        try:
            async for item in method(*args, **kwargs):
                yield item
        finally:
            activity.end()

    return call
