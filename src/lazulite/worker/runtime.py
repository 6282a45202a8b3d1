"""What the parts of one worker share: handed to each of them at construction."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from lazulite.wire.peer import Peer
from lazulite.worker.call import Call
from lazulite.worker.pool import Pool
from lazulite.worker.recorder import Recorder

OVERLOAD_LAG = 0.5  # seconds
OVERLOAD_QUEUE = 4  # tasks per thread


@dataclass
class Runtime:
    """open_calls: running invocations and when each began (time.perf_counter), oldest first;
    count: how many have ended; stranded: called for each that never will; development: whether
    answers may tell what went wrong in the user's code; queued: requests that wait for their turn;
    lag: seconds that the event loop last took for a turn; sleep: between the attempts of a retry
    policy."""

    loop: asyncio.AbstractEventLoop
    pool: Pool
    recorder: Recorder
    peer: Peer
    spool: str
    development: bool
    count: int = 0
    queued: int = 0
    lag: Callable[[], float] = lambda: 0.0
    stranded: Callable[[Call], None] = lambda call: None
    open_calls: dict[Call, float] = field(default_factory=dict)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def began(self, call: Call, reason: str, details: dict[str, str] | None = None) -> float:
        """Note that an invocation begins; the instant is what `ended` wants back."""
        self.recorder.started(call, reason, details)
        started = time.perf_counter()
        self.open_calls[call] = started
        return started

    def ended(self, call: Call, started: float, error: str | None = None, stack: str = "") -> bool:
        """Note that it ended. Called after `began`, whatever happened; False when someone else
        has ended it already: then its result is nobody's any more."""
        if self.open_calls.pop(call, None) is None:
            return False
        self.count += 1
        call.cancel = call.abandon = None  # both refer to the call: reference cycles
        seconds = time.perf_counter() - started
        if call.expired and error is not None:
            error, stack = call.expired, ""
        if error is None:
            self.recorder.succeeded(call, seconds)
        else:
            self.recorder.failed(call, seconds, error, stack)
        return True

    def overloaded(self) -> bool:
        """Whether more work would only wait: the loop is late, or the threads are far behind."""
        return self.lag() > OVERLOAD_LAG or self.pool.waiting > OVERLOAD_QUEUE * self.pool.size

    def strand(self, call: Call) -> None:
        """Note that a thread is lost to a function that does not end."""
        self.pool.replace_thread()
        self.stranded(call)

    def oldest(self) -> list[tuple[Call, float]]:
        """The running invocations, oldest first, from any thread."""
        while True:
            try:
                return list(self.open_calls.items())
            except RuntimeError:  # it changed meanwhile
                continue
