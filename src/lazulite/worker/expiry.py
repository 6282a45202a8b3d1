"""functionTimeout: ends invocations that run too long.

A coroutine is cancelled. A synchronous function cannot be: its caller gets the failure at once, its
thread is given up, and the worker asks to be replaced when the others on it have ended.
"""

from __future__ import annotations

import time

from lazulite.worker.call import Call
from lazulite.worker.runtime import Runtime

PATIENCE = 5.0  # seconds that a cancelled coroutine has to come to its end


class Expiry:
    """`check` is called a few times a second, on any thread.

    timeout: seconds; shown: the same as the log writes it.
    """

    def __init__(self, runtime: Runtime, timeout: float, shown: str) -> None:
        self._runtime = runtime
        self._timeout = timeout
        self._shown = shown

    def check(self) -> None:
        """End what has run longer than it may."""
        now = time.perf_counter()
        for call, started in self._runtime.oldest():
            if now - started < self._timeout:
                return
            if not call.expired:
                self._expire(call, started)
            elif now - started > self._timeout + PATIENCE:
                self._give_up(call, started)

    def _expire(self, call: Call, started: float) -> None:
        name = f"Functions.{call.function}"
        call.expired = f"Timeout value of {self._shown} was exceeded by function: {name}"
        self._runtime.recorder.host(
            "Error",
            f"Function.{call.function}",
            f"Timeout value of {self._shown} exceeded by function '{name}' (Id: '{call.id}'). "
            "Initiating cancellation.",
        )
        cancel = call.cancel
        if cancel is None:
            self._give_up(call, started)
        else:
            self._runtime.loop.call_soon_threadsafe(cancel)

    def _give_up(self, call: Call, started: float) -> None:
        abandon = call.abandon
        if not self._runtime.ended(call, started, call.expired):
            return  # it came to its end just now
        if abandon is not None:
            abandon(call.expired)
        self._runtime.strand(call)
