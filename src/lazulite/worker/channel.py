"""The worker's way to tell the host something: datagrams that are in the kernel when the call
returns, so that a record survives whatever happens to this process next.

Forked children and subinterpreters share the socket: datagrams do not mix. Standard library only.
"""

from __future__ import annotations

import itertools
import json
import os
from typing import Any

PIECE = 100_000
STDERR = 2
_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class LogChannel:
    """The socket to the host, by its descriptor. `send` may be called from any thread."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._numbers = itertools.count()

    def send(self, message: dict[str, Any]) -> None:
        """Hand one message to the kernel; waits while the host is behind."""
        data = _dumps(message).encode("utf-8", "backslashreplace")
        try:
            if len(data) <= PIECE:
                os.write(self.fd, data)
            else:
                self._send_in_pieces(data)
        except OSError:
            if message.get("m"):  # the host is gone: stderr is the last resort
                _last_resort(message["m"])

    def _send_in_pieces(self, data: bytes) -> None:
        name = f"{os.getpid()}-{id(self)}-{next(self._numbers)}"
        count = -(-len(data) // PIECE)
        for index in range(count):
            head = _dumps({"k": "part", "id": name, "i": index, "of": count}).encode()
            os.write(self.fd, head + b"\n" + data[index * PIECE : (index + 1) * PIECE])


def _last_resort(text: str) -> None:
    try:
        os.write(STDERR, text.encode("utf-8", "backslashreplace") + b"\n")
    except OSError:
        pass
