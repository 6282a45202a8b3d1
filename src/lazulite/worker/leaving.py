"""The end of a worker that was asked to end."""

from __future__ import annotations

import atexit
import signal

SECONDS = 5


def run_exit_handlers() -> None:
    """Do what the user's code left to do at exit (`atexit`).

    Call while the host still listens. The process then ends without the interpreter's own end,
    which would wait for threads; handlers that hang are cut short with it.
    """
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(SECONDS)
    atexit._run_exitfuncs()
