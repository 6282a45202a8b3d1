"""The public sockets. The host binds them, workers inherit them: no worker's end closes a port."""

from __future__ import annotations

import errno
import socket
from dataclasses import dataclass

from lazulite.errors import UsageError

BACKLOG = 2048


@dataclass(frozen=True)
class PublicSockets:
    """The bound sockets, all on one port."""

    sockets: tuple[socket.socket, ...]
    address: str
    port: int

    @property
    def fds(self) -> tuple[int, ...]:
        return tuple(sock.fileno() for sock in self.sockets)

    def close(self) -> None:
        for sock in self.sockets:
            sock.close()


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
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            sock.bind((place[0], port, *place[2:]))
            sock.listen(BACKLOG)
        except OSError as error:
            sock.close()
            if sockets and error.errno == errno.EADDRNOTAVAIL:
                continue  # a name that also resolves to a family this machine lacks
            for bound in sockets:
                bound.close()
            raise _cannot(address, port, error) from error
        sock.setblocking(False)
        port = sock.getsockname()[1]
        sockets.append(sock)
    return PublicSockets(tuple(sockets), address, port)


def _cannot(address: str, port: int, error: OSError) -> UsageError:
    if error.errno == errno.EADDRINUSE:
        return UsageError(
            f"Port {port} is unavailable. Close the process using that port, or specify another "
            "port using --port [-p]."
        )
    if error.errno == errno.EACCES:
        return UsageError(f"Port {port} needs more rights than you have; choose one above 1023.")
    return UsageError(f"Cannot listen on {address}:{port}: {error.strerror}")
