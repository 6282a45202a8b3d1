"""What the worker tells of: log records of user code and invocations, to the host at once.

Each message is one datagram that is in the kernel when the call returns, so that a record survives
whatever happens to this process next. Forked children share the socket: datagrams do not mix.
"""

from __future__ import annotations

import itertools
import json
import logging
import os
import socket
import sys
import threading
import time
from typing import Any

from lazulite.worker.context import Call, current, thread_locals

PIECE = 100_000
_SYSTEM = ("azure_functions_worker", "azure.functions", "_granian", "granian")
_LEVELS = (
    (logging.CRITICAL, "Critical"),
    (logging.ERROR, "Error"),
    (logging.WARNING, "Warning"),
    (logging.INFO, "Information"),
    (logging.DEBUG, "Debug"),
)
_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class LogChannel:
    """The socket to the host. `send` may be called from any thread."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._numbers = itertools.count()
        sock.setblocking(True)

    def send(self, message: dict[str, Any]) -> None:
        """Hand one message to the kernel; waits while the host is behind."""
        data = _dumps(message).encode("utf-8", "backslashreplace")
        try:
            if len(data) <= PIECE:
                self._sock.send(data)
            else:
                self._send_in_pieces(data)
        except OSError:
            if message.get("m"):  # the host is gone: stderr is the last resort
                sys.stderr.write(f"{message['m']}\n")

    def _send_in_pieces(self, data: bytes) -> None:
        name = f"{os.getpid()}-{next(self._numbers)}"
        count = -(-len(data) // PIECE)
        for index in range(count):
            head = _dumps({"k": "part", "id": name, "i": index, "of": count}).encode()
            self._sock.send(head + b"\n" + data[index * PIECE : (index + 1) * PIECE])


class UserLogHandler(logging.Handler):
    """The handler of the root logger: every record, with the invocation that it belongs to."""

    def __init__(self, channel: LogChannel) -> None:
        super().__init__()
        self._channel = channel

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = self.format(record)
        except Exception as error:
            # a wrong format string is the user's to see, with the record it would have been
            message = f"{record.msg!r} {record.args!r} (cannot be formatted: {error})"
        function, invocation = invocation_of_this_thread()
        self._channel.send(
            {
                "k": "log",
                "t": record.created,
                "l": level_name(record.levelno),
                "n": record.name,
                "m": message,
                "f": function,
                "i": invocation,
                "u": not record.name.startswith(_SYSTEM),
            }
        )


def level_name(number: int) -> str:
    """The original's name of a Python log level."""
    for threshold, name in _LEVELS:
        if number >= threshold:
            return name
    return "Trace"


def invocation_of_this_thread() -> tuple[str, str]:
    """(function, invocation id) of the running code; empty where there is none."""
    call = current.get()
    if call is None:
        call = getattr(threading.current_thread(), "_lazulite_call", None)
    if call is not None:
        return call.function, call.id
    return "", getattr(thread_locals, "invocation_id", "") or ""


class Recorder:
    """Tells of invocations: each while a person could follow, in sums above that rate.

    Failures always are told. `tick` is called once a second on the loop.
    """

    RATE = 20

    def __init__(self, channel: LogChannel) -> None:
        self._channel = channel
        self._left = self.RATE
        self._hidden: list[tuple[str, float]] = []

    def started(self, call: Call, reason: str, details: dict[str, str] | None = None) -> None:
        """Call at the start of an invocation."""
        if self._left <= 0:
            return
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

    def succeeded(self, call: Call, seconds: float) -> None:
        """Call at its end."""
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

    def host(self, level: str, category: str, text: str) -> None:
        """A record of the runtime's own, from any thread."""
        self._channel.send({"k": "host", "l": level, "c": category, "m": text})

    def tick(self) -> None:
        """Start a new second: tell the sums of the last one."""
        self._left = self.RATE
        if not self._hidden:
            return
        hidden, self._hidden = self._hidden, []
        sums: dict[str, list[float]] = {}
        for function, seconds in hidden:
            entry = sums.setdefault(function, [0, 0.0, 0.0])
            entry[0] += 1
            entry[1] += seconds
            entry[2] = max(entry[2], seconds)
        self._channel.send({"k": "sum", "t": time.time(), "n": sums})


def install(channel: LogChannel, level: int) -> None:
    """Attach the root logger to the channel. `level` is the lowest that anyone wants."""
    root = logging.getLogger()
    root.addHandler(UserLogHandler(channel))
    root.setLevel(level)
    logging.captureWarnings(False)
