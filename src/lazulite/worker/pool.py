"""The threads that run synchronous functions.

Not concurrent.futures: a task here has no future, no wake-up of the loop and no work item; it is
put by the HTTP server's own thread and answers the client itself.
"""

from __future__ import annotations

import os
import threading
import traceback
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any


def default_size() -> int:
    """What Python's own thread pool would use, as the original does."""
    return min(32, (os.cpu_count() or 1) + 4)


class Pool:
    """A fixed number of threads over one queue; all are started by the first `put`."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._queue: SimpleQueue[Any] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start the threads."""
        for number in range(self.size):
            thread = threading.Thread(
                target=self._work, name=f"lazulite-function_{number}", daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def put(self, task: tuple[Any, ...]) -> None:
        """Run `task[0](*task[1:])` on a free thread; it must not raise."""
        self._queue.put(task)

    def submit(self, run: Callable[..., None], *arguments: Any) -> None:
        """`put` with its parts."""
        self._queue.put((run, *arguments))

    @property
    def waiting(self) -> int:
        """Tasks that no thread has taken yet."""
        return self._queue.qsize()

    def replace_thread(self) -> None:
        """Start one more thread, for one that will never come back."""
        thread = threading.Thread(target=self._work, name="lazulite-function", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        get = self._queue.get
        while True:
            task = get()
            try:
                task[0](*task[1:])
            except BaseException:
                traceback.print_exc()
            del task
