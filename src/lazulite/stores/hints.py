"""Who waits for news of a queue or a container, in whichever event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable

Key = tuple[str, str]  # ("queues" or "containers", name)


class Hints:
    """Futures by key; `notify` completes those of a key, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiters: dict[Key, set[asyncio.Future[None]]] = {}

    def wait(self, key: Key) -> asyncio.Future[None]:
        """A future of the running loop that completes at the next `notify` of `key`."""
        future = asyncio.get_running_loop().create_future()
        with self._lock:
            self._waiters.setdefault(key, set()).add(future)
        future.add_done_callback(lambda done: self._forget(key, done))
        return future

    def notify(self, keys: Iterable[Key]) -> None:
        for key in keys:
            with self._lock:
                waiters = self._waiters.pop(key, None)
            for future in waiters or ():
                try:
                    future.get_loop().call_soon_threadsafe(_complete, future)
                except RuntimeError:  # its loop is closed: nobody waits
                    pass

    def __bool__(self) -> bool:
        return bool(self._waiters)

    def _forget(self, key: Key, future: asyncio.Future[None]) -> None:
        with self._lock:
            waiters = self._waiters.get(key)
            if waiters is not None:
                waiters.discard(future)
                if not waiters:
                    del self._waiters[key]


def _complete(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
