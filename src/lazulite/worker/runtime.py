"""What the parts of one worker share: handed to each of them at construction."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from lazulite.wire.peer import Peer
from lazulite.worker.context import Call
from lazulite.worker.pool import Pool
from lazulite.worker.recorder import Recorder


@dataclass
class Runtime:
    """open_calls: running invocations and when each began (time.perf_counter), oldest first;
    development: whether answers may tell what went wrong in the user's code."""

    loop: asyncio.AbstractEventLoop
    pool: Pool
    recorder: Recorder
    peer: Peer
    spool: str
    development: bool
    open_calls: dict[Call, float] = field(default_factory=dict)

    def began(self, call: Call, reason: str, details: dict[str, str] | None = None) -> float:
        """Note that an invocation begins; the instant is what `ended` wants back."""
        self.recorder.started(call, reason, details)
        started = time.perf_counter()
        self.open_calls[call] = started
        return started

    def ended(self, call: Call, started: float, error: str | None = None, stack: str = "") -> None:
        """Note that it ended. Call exactly once after `began`, whatever happened."""
        self.open_calls.pop(call, None)
        seconds = time.perf_counter() - started
        if error is None:
            self.recorder.succeeded(call, seconds)
        else:
            self.recorder.failed(call, seconds, error, stack)
