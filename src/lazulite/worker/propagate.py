"""Log records of threads and executors that user code starts belong to its invocation.

asyncio tasks and `asyncio.to_thread` carry context variables by themselves; `threading.Thread` and
`ThreadPoolExecutor` (before 3.14) do not. Nothing but the running call is passed on.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from lazulite.worker.context import current


def install() -> None:
    """Wrap `Thread.start` and `ThreadPoolExecutor.submit`."""
    start = threading.Thread.start

    def start_with_call(self: threading.Thread) -> None:
        call = current.get() or getattr(threading.current_thread(), "_lazulite_call", None)
        if call is not None:
            self._lazulite_call = call  # type: ignore[attr-defined]
        start(self)

    submit = ThreadPoolExecutor.submit

    def submit_with_call(
        self: ThreadPoolExecutor, fn: Any, /, *args: Any, **kwargs: Any
    ) -> Future[Any]:
        call = current.get()
        if call is None:
            return submit(self, fn, *args, **kwargs)

        def run() -> Any:
            token = current.set(call)
            try:
                return fn(*args, **kwargs)
            finally:
                current.reset(token)

        return submit(self, run)

    threading.Thread.start = start_with_call  # type: ignore[method-assign]
    ThreadPoolExecutor.submit = submit_with_call  # type: ignore[method-assign, assignment]
