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
        self._waiters: set[asyncio.Future[None]] = set()

    def is_of_this_loop(self) -> bool:
        return asyncio.get_running_loop() is self._loop

    def begin(self) -> None:
        self.open += 1
        self.count += 1

    def end(self) -> None:
        self.open -= 1
        self.poke()

    def poke(self) -> None:
        """Have those who wait look again."""
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    def poke_from_thread(self) -> None:
        if self._waiters:
            self._loop.call_soon_threadsafe(self.poke)

    async def changed(self, busy: Callable[[], bool], timeout: float) -> bool:
        """Return when an operation ended, or at once unless `busy`; False after `timeout` seconds.

        A thread first ends its work and then looks for those who wait; so `busy` is asked once
        more when we are among them.
        """
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._waiters.add(waiter)
        try:
            if busy():
                await asyncio.wait_for(waiter, timeout)
        except asyncio.TimeoutError:
            return False
        finally:
            self._waiters.discard(waiter)
        return True


def count_threads(activity: Activity) -> Callable[[], None]:
    """Have `asyncio.to_thread` on the activity's loop count, too: what bindings do with files
    between two operations of a store. Call the result to undo it."""
    original = asyncio.to_thread

    async def counted(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        if not activity.is_of_this_loop():
            return await original(function, *args, **kwargs)
        activity.begin()
        try:
            return await original(function, *args, **kwargs)
        finally:
            activity.end()

    def undo() -> None:
        asyncio.to_thread = original

    asyncio.to_thread = counted
    return undo


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
