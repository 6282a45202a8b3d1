"""Sockets that keep message boundaries, for processes of one machine."""

from __future__ import annotations

import socket


def pair() -> tuple[socket.socket, socket.socket]:
    """Two connected sockets that keep message boundaries."""
    if hasattr(socket, "SOCK_SEQPACKET"):
        try:
            return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        except OSError:  # macOS defines it, and has none for AF_UNIX
            pass
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
