"""Ends the worker when its host is gone, even while user code blocks the event loop."""

from __future__ import annotations

import os
import select
import socket
import threading

HANG_UP = select.POLLHUP | getattr(select, "POLLRDHUP", 0)


def end_with_host(wire: socket.socket) -> None:
    """Watch the wire on a thread of its own; exit at once when the other end is closed.

    What user code runs is cut off, as by a crash of the machine: its invocations were not
    acknowledged, so whoever sent them sends them again.
    """
    fd = os.dup(wire.fileno())
    thread = threading.Thread(target=_watch, args=(fd,), name="lazulite-guard", daemon=True)
    thread.pydev_do_not_trace = True  # type: ignore[attr-defined]  # no debugger suspends it
    thread.start()


def _watch(fd: int) -> None:
    poll = select.poll()
    poll.register(fd, HANG_UP)
    while True:
        for _, event in poll.poll():
            if event & (HANG_UP | select.POLLERR):
                os._exit(1)
