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


class Doors:
    """`close` may be called from any thread, any number of times."""

    def __init__(self, listeners: Sequence[int]) -> None:
        self._listeners = tuple(listeners)
        self._real: list[int] = []
        self._ports = {_port(fd) for fd in listeners}

    def close(self) -> None:
        """Take no more connections; those there are stay."""
        if self._real:
            return
        self._real = [os.dup(fd) for fd in self._listeners]
        for fd in self._listeners:
            with socket.socket() as nobody_calls:
                nobody_calls.bind(("127.0.0.1", 0))
                nobody_calls.listen(1)
                nobody_calls.setblocking(False)
                os.dup2(nobody_calls.fileno(), fd, inheritable=False)

    def address(self) -> tuple[str, int, int]:
        """Where the app itself can be called: (host, port, address family)."""
        fd = self._real[0] if self._real else self._listeners[0]
        with socket.socket(fileno=os.dup(fd)) as sock:
            host, port = sock.getsockname()[:2]
            family = int(sock.family)
        if host in ("0.0.0.0", "::"):
            host = "127.0.0.1" if host == "0.0.0.0" else "::1"
        return host, port, family

    def connections(self) -> int:
        """How many clients are connected to this worker."""
        return sum(_port(fd, connected=True) in self._ports for fd in _descriptors())


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
