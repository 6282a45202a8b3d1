"""A host for one call: started in the background, its triggers at rest, and stopped after it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import lazulite
from lazulite.errors import UsageError
from lazulite.host import runtime_file

_LOOK = 0.02
_START_SECONDS = 60.0
_STOP_SECONDS = 15.0
_KILL_SECONDS = 1.0


@contextmanager
def temporary_host(root: str, python: str | None) -> Iterator[str]:
    """The URL of a host of the app in `root`, which ends with the block.

    Raises UsageError, with what the host said, when it does not start.
    """
    command = [sys.executable, "-m", "lazulite.cli", "start", "--script-root", root]
    command += ["--port", "0", "--address", "127.0.0.1", "--no-listeners"]
    command += ["--python", os.path.abspath(python)] if python else []
    process = subprocess.Popen(
        command,
        # `-m` puts the current folder first: it must not be the app's, whose modules have any name
        cwd=os.path.dirname(os.path.dirname(os.path.abspath(lazulite.__file__))),
        env={**os.environ, "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C is for this command, which stops the host in good order
    )
    said = _Output(process)
    try:
        yield _await_url(root, process, said)
    except KeyboardInterrupt:
        _kill(process)  # nobody wants to wait for what it runs
        raise
    finally:
        _stop(process)
        said.end()


def _await_url(root: str, process: subprocess.Popen[bytes], said: _Output) -> str:
    path = runtime_file.place(root, process.pid)
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        found = runtime_file.read(path)
        if found is not None:
            return found.url
        time.sleep(_LOOK)
    _stop(process)
    said.end()
    raise UsageError(
        f"The app does not start.\n{said.text.rstrip()}".rstrip(),
        hint="`func doctor` checks it.",
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End it with all that it started, and what it would have cleaned up."""
    for number in (signal.SIGINT, signal.SIGINT):  # the second one does not wait
        process.send_signal(number)
        try:
            process.wait(_KILL_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        break
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


class _Output:
    """What the host says, kept for when it does not start."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.text = ""
        self._process = process
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.text += line.decode("utf-8", "replace")

    def end(self) -> None:
        self._reader.join(5.0)
