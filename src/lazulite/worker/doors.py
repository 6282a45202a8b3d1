"""The public listeners of one worker: closing them to new connections without closing the port.

The listening sockets are shared with the host and the other workers, so they cannot be shut; and
the HTTP server offers no way to stop accepting while its connections live. What works: the server
accepts by descriptor number, so another listening socket, on which nobody ever calls, is put under
that number. The kernel hands new connections to the other workers from then on.
"""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Sequence

BACKLOG = 2048


class Doors:
    """`open`, then `close`, which may be called from any thread, any number of times."""

    def __init__(self, listeners: Sequence[int]) -> None:
        self._listeners = tuple(listeners)
        self._closed = False
        self._address = _address(listeners[0]) if listeners else ("", 0)
        self._ports = {_port(fd) for fd in listeners}

    def close(self) -> None:
        """Take no more connections; those there are stay."""
        if self._closed:
            return
        self._closed = True
        for fd in self._listeners:
            with socket.socket() as nobody_calls:
                nobody_calls.bind(("127.0.0.1", 0))
                nobody_calls.listen(1)
                nobody_calls.setblocking(False)
                os.dup2(nobody_calls.fileno(), fd, inheritable=False)

    def open(self) -> None:
        """Have clients connect. Not before they can be served: connections come at once."""
        for fd in self._listeners:
            with socket.socket(fileno=os.dup(fd)) as sock:
                sock.listen(BACKLOG)

    def address(self) -> tuple[str, int]:
        """Where the app itself can be called: (host, port)."""
        return self._address

    def connections(self) -> int:
        """How many clients are connected to this worker."""
        return sum(_port(fd, connected=True) in self._ports for fd in _descriptors())


def _address(fd: int) -> tuple[str, int]:
    with socket.socket(fileno=os.dup(fd)) as sock:
        host, port = sock.getsockname()[:2]
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port


def _descriptors() -> list[int]:
    folder = "/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd"
    return [int(name) for name in os.listdir(folder)]


def _port(fd: int, connected: bool = False) -> int | None:
    """The local port of a TCP socket, None for any other descriptor."""
    try:
        if not stat.S_ISSOCK(os.fstat(fd).st_mode):
            return None
        copy = os.dup(fd)
    except OSError:
        return None
    try:
        sock = socket.socket(fileno=copy)
    except OSError:
        os.close(copy)  # a socket object that could not be made closes nothing
        return None
    with sock:
        try:
            if connected:
                sock.getpeername()
            name = sock.getsockname()
        except OSError:
            return None
    return name[1] if isinstance(name, tuple) and len(name) > 1 else None
