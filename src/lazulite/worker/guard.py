"""Listens to the host on a thread of its own, for what cannot wait until the event loop has time:
user code may block that, or a debugger suspend it."""

from __future__ import annotations

import os
import select
import socket
import threading
from collections.abc import Callable

HANG_UP = select.POLLHUP | getattr(select, "POLLRDHUP", 0)
GONE = HANG_UP | select.POLLERR


def guard(wire: socket.socket, log: int, leave: Callable[[], None]) -> None:
    """Exit at once when the host's end of the wire is closed; call `leave` when the host sends
    anything on the log socket.

    What user code runs is cut off by the exit, as by a crash of the machine: its invocations were
    not acknowledged, so whoever sent them sends them again.
    """
    fds = os.dup(wire.fileno()), os.dup(log)
    thread = threading.Thread(target=_watch, args=(*fds, leave), name="lazulite-guard", daemon=True)
    thread.pydev_do_not_trace = True  # type: ignore[attr-defined]  # no debugger suspends it
    thread.start()


def _watch(wire: int, log: int, leave: Callable[[], None]) -> None:
    poll = select.poll()
    poll.register(wire, HANG_UP)
    poll.register(log, select.POLLIN)
    while True:
        for fd, event in poll.poll():
            if fd == wire and event & GONE:
                os._exit(1)
            if fd == log:
                if event & GONE or not _says_something(log):
                    poll.unregister(log)
                else:
                    leave()


def _says_something(log: int) -> bool:
    try:
        return bool(os.read(log, 16))
    except OSError:
        return False
