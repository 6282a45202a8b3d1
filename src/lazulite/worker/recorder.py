"""Tells the host of invocations: each while a person could follow, in sums above that rate."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence

from lazulite.worker.call import Call
from lazulite.worker.channel import LogChannel
from lazulite.worker.printing import PrintStream


class Recorder:
    """Failures always are told. Called from any thread; `tick` once a second.

    RATE: invocations a second that are told one by one; streams: where an ended invocation may have
    left a begun line.
    """

    RATE = 20

    def __init__(self, channel: LogChannel, streams: Sequence[PrintStream] = ()) -> None:
        self._channel = channel
        self._streams = tuple(streams)
        self._left = self.RATE
        self._second = time.monotonic()
        self._lock = threading.Lock()
        self._hidden: deque[tuple[str, float]] = deque()

    def started(self, call: Call, reason: str, details: dict[str, str] | None = None) -> None:
        """Call at the start of an invocation."""
        if self._left <= 0:
            # the loop may be blocked by user code, and with it the ticks
            if time.monotonic() - self._second < 1.2:
                return
            self.tick()
        self._left -= 1
        call.shown = True
        self._channel.send(
            {
                "k": "start",
                "t": time.time(),
                "f": call.function,
                "i": call.id,
                "r": reason,
                "d": details or {},
            }
        )

    def host(self, level: str, category: str, text: str) -> None:
        """A record of the runtime's own."""
        self._channel.send({"k": "host", "l": level, "c": category, "m": text})

    def succeeded(self, call: Call, seconds: float) -> None:
        """Call at its end."""
        for stream in self._streams:
            if stream.begun:
                stream.finish(call)
        if not call.shown:
            self._hidden.append((call.function, seconds))
            return
        self._channel.send(
            {
                "k": "end",
                "t": time.time(),
                "f": call.function,
                "i": call.id,
                "ok": True,
                "s": seconds,
            }
        )

    def failed(self, call: Call, seconds: float, error: str, stack: str) -> None:
        """Call at its end when it failed."""
        for stream in self._streams:
            if stream.begun:
                stream.finish(call)
        self._channel.send(
            {
                "k": "end",
                "t": time.time(),
                "f": call.function,
                "i": call.id,
                "ok": False,
                "s": seconds,
                "e": error,
                "x": stack,
            }
        )

    def tick(self) -> None:
        """Start a new second: tell the sums of the last one."""
        with self._lock:
            self._left = self.RATE
            self._second = time.monotonic()
            sums: dict[str, list[float]] = {}
            for _ in range(len(self._hidden)):
                function, seconds = self._hidden.popleft()
                entry = sums.setdefault(function, [0, 0.0, 0.0])
                entry[0] += 1
                entry[1] += seconds
                entry[2] = max(entry[2], seconds)
        if sums:
            self._channel.send({"k": "sum", "t": time.time(), "n": sums})
