"""The public sockets. The host binds them, workers inherit them: no worker's end closes a port.

Where the system can spread connections over several sockets of one port (Linux), each worker has
its own, and each gets its share of connections. A socket that all shared would give most of them
to the worker that happens to wake first.
"""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from lazulite.errors import UsageError

BACKLOG = 2048
SPREADS = sys.platform == "linux" and hasattr(socket, "SO_REUSEPORT")


class PublicSockets:
    """The bound sockets, all on one port, in slots: one for each worker. One slot at least always
    listens, the first from the start."""

    def __init__(self, sockets: Iterable[socket.socket], address: str, port: int) -> None:
        self._slots = {0: tuple(sockets)}
        self._places = [(sock.family, sock.getsockname()) for sock in self._slots[0]]
        self.address = address
        self.port = port

    @property
    def listening(self) -> tuple[socket.socket, ...]:
        """The sockets of all slots that clients can connect to."""
        return tuple(sock for slot in self._slots.values() for sock in slot if _listens(sock))

    def slot(self, number: int) -> tuple[int, ...]:
        """The descriptors of a slot. A new one does not listen: its worker makes it listen when it
        can serve, since connections come at once."""
        if not SPREADS:
            number = 0
        if number not in self._slots:
            self._slots[number] = tuple(_bound(family, place) for family, place in self._places)
        return tuple(sock.fileno() for sock in self._slots[number])

    def close_slot(self, number: int) -> list[socket.socket]:
        """Have other slots get its connections; the clients that wait in it, for somebody to
        answer. Nothing happens when no other slot listens."""
        waiting: list[socket.socket] = []
        closing = self._slots.get(number, ())
        if all(sock in closing for sock in self.listening):
            return waiting
        for sock in self._slots.pop(number, ()):
            with sock:
                waiting += _accept_all(sock)
        return waiting

    def close(self) -> None:
        for slot in self._slots.values():
            for sock in slot:
                sock.close()


def _listens(sock: socket.socket) -> bool:
    return bool(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))


def _accept_all(sock: socket.socket) -> Iterator[socket.socket]:
    if not _listens(sock):
        return
    while True:
        try:
            client, _ = sock.accept()
        except OSError:  # there is nobody more
            return
        client.setblocking(False)
        yield client


def _bound(family: int, place: Any) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if SPREADS:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(place)
        sock.setblocking(False)
    except BaseException:
        sock.close()
        raise
    return sock


def _check_free(family: int, place: Any) -> None:
    """Raises OSError when somebody has the port, be it one who would share it."""
    if place[1] == 0:
        return
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(place)


def bind(address: str, port: int) -> PublicSockets:
    """Listen on an address (`localhost` and host names: all that they resolve to).

    Raises UsageError when the port is taken or the address is not this machine's.
    """
    try:
        found = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        raise UsageError(
            f"The address '{address}' is not known: {error}",
            hint="Use 127.0.0.1, 0.0.0.0 or a name of this machine with --address.",
        ) from error
    sockets: list[socket.socket] = []
    for family, _, _, _, place in dict.fromkeys(found):
        place = (place[0], port, *place[2:])
        try:
            _check_free(family, place)
            sock = _bound(family, place)
            sock.listen(BACKLOG)
        except OSError as error:
            if sockets and error.errno == errno.EADDRNOTAVAIL:
                continue  # a name that also resolves to a family this machine lacks
            for bound in sockets:
                bound.close()
            raise _cannot(address, port, error) from error
        port = sock.getsockname()[1]
        sockets.append(sock)
    return PublicSockets(sockets, address, port)


def _cannot(address: str, port: int, error: OSError) -> UsageError:
    if error.errno == errno.EADDRINUSE:
        return UsageError(
            f"Port {port} is unavailable. Close the process using that port, or specify another "
            "port using --port [-p]."
        )
    if error.errno == errno.EACCES:
        return UsageError(f"Port {port} needs more rights than you have; choose one above 1023.")
    return UsageError(f"Cannot listen on {address}:{port}: {error.strerror}")
