"""`sys.stdout` and `sys.stderr` of a worker.

What Python code prints goes the way of log records, so that both come in the order in which they
were written and belong to their invocation. Bytes, C code and child processes use the descriptors
1 and 2, which are pipes to the host.
"""

from __future__ import annotations

import io
import os
import threading
import time
from typing import Any

from lazulite.worker.call import running_call, running_invocation
from lazulite.worker.channel import LogChannel

LONGEST = 64 * 1024  # characters that may wait for the end of their line


class PrintStream(io.TextIOWrapper):
    """Sends whole lines; the begun line of each invocation waits for its end.

    owner: (function, invocation id) of what runs outside any known invocation; begun: the begun
    lines,
    by invocation or thread.
    """

    def __init__(self, fd: int, name: str, channel: LogChannel) -> None:
        raw: Any = open(fd, "wb", buffering=0, closefd=False)  # noqa: SIM115
        super().__init__(raw, encoding="utf-8", errors="backslashreplace", write_through=True)
        self.owner = ("", "")
        self._stream = name
        self._channel = channel
        self.begun: dict[object, str] = {}
        os.register_at_fork(after_in_child=self.begun.clear)

    def write(self, text: str) -> int:
        """Take text; its whole lines are on their way when this returns."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self.closed:
            raise ValueError("I/O operation on closed file.")
        key = running_call() or threading.get_ident()
        lines, newline, rest = text.rpartition("\n")
        if newline:
            self._send(self.begun.pop(key, "") + lines)
        if rest:
            begun = self.begun.get(key, "") + rest
            if len(begun) > LONGEST:
                self.begun.pop(key, None)
                self._send(begun, more=True)
            else:
                self.begun[key] = begun
        return len(text)

    def flush(self) -> None:
        """Send the begun line too; what follows still belongs to it."""
        if self.begun:
            begun = self.begun.pop(running_call() or threading.get_ident(), "")
            if begun:
                self._send(begun, more=True)
        super().flush()

    def finish(self, call: object) -> None:
        """The invocation has ended: so has its begun line."""
        begun = self.begun.pop(call, "")
        if begun:
            self._send(begun)

    def _send(self, text: str, more: bool = False) -> None:
        function, invocation = running_invocation()
        if not invocation:
            function, invocation = self.owner
        message = {
            "k": "line",
            "t": time.time(),
            "stream": self._stream,
            "m": text,
            "f": function,
            "i": invocation,
            "more": more,
        }
        self._channel.send(message)
