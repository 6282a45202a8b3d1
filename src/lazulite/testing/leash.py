"""`func` for tests: it ends when the test's process does, however that ends.

`python -m lazulite.testing.leash FD start ...`, FD being the end of a pipe that the test's process
holds the other end of.
"""

import os
import sys

# `-m` puts the current folder first, where an app's `queue` or `http` would hide Python's own
if sys.path and sys.path[0] == os.getcwd():
    del sys.path[0]

import runpy
import signal
import threading


def end_with(fd: int) -> None:
    """Have this process interrupted when nobody holds the other end of the pipe any more."""

    def wait() -> None:
        os.read(fd, 1)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=wait, name="lazulite-leash", daemon=True).start()


if __name__ == "__main__":
    end_with(int(sys.argv.pop(1)))
    runpy.run_module("lazulite.cli", run_name="__main__", alter_sys=True)
