"""What the host tells the template process, and hears from it.

The template answers on a SOCK_SEQPACKET-like pair of datagrams: one JSON object each. A `fork`
carries the new worker's descriptors: wire, log, stdout, stderr, then the public listeners.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from typing import Any

from lazulite.wire.pair import pair

LIMIT = 64 * 1024
MAX_FDS = 16


def send(sock: socket.socket, message: Any, fds: Sequence[int] = ()) -> None:
    """Send one message with descriptors; the sender keeps its own."""
    socket.send_fds(sock, [json.dumps(message).encode()], list(fds))


def receive(sock: socket.socket) -> tuple[Any, list[int]] | None:
    """The next message, or None at the end."""
    data, fds, _flags, _address = socket.recv_fds(sock, LIMIT, MAX_FDS)
    if not data:
        return None
    return json.loads(data), list(fds)


__all__ = ["LIMIT", "MAX_FDS", "pair", "receive", "send"]
