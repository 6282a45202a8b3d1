"""Starts the real command over a real app, for tests that look at it from outside.

with FuncApp(APPS / "hello") as app:
    assert app.client.get("/api/hello").text == "Hello"
    app.wait_for("Executed 'Functions.hello'")
"""

from __future__ import annotations

import codecs
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import httpx

APPS = Path(__file__).parent.parent / "apps"
SOURCES = Path(__file__).parent.parent.parent / "src"
READY = "Worker process started and initialized."
PATIENCE = 30.0  # seconds that only a failing test waits

App = TypeVar("App", bound="FuncApp")


class FuncApp:
    """`func start` over an app folder, from `with` to its end; its output is printed on failure.

    copy_to: run a copy made in this folder, for tests that write into the app. env: added to the
    environment (None removes a name). args: added to the command line. ready: text that ends the
    start, None not to wait at all (for apps that refuse to start).
    """

    def __init__(
        self,
        root: Path,
        *,
        copy_to: Path | None = None,
        env: Mapping[str, str | None] | None = None,
        args: Sequence[str] = (),
        ready: str | None = READY,
        command: Sequence[str] = (sys.executable, "-m", "lazulite.cli"),
    ) -> None:
        if copy_to is not None:
            root = Path(shutil.copytree(root, copy_to / root.name, dirs_exist_ok=True))
        self.root = root
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = httpx.Client(base_url=self.url, timeout=PATIENCE)
        self.process: subprocess.Popen[bytes]
        self._command = [*command, "start", "--port", str(self.port), *args]
        self._env = {**environment(), **(env or {})}
        self._ready = ready
        self._text = ""
        self._changed = threading.Condition()
        self._ended = False

    def __enter__(self: App) -> App:
        self.process = subprocess.Popen(
            self._command,
            cwd=self.root,
            env={name: value for name, value in self._env.items() if value is not None},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()
        if self._ready is not None:
            try:
                self.wait_for(self._ready)
            except BaseException:
                self._clean_up()
                raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._clean_up()
        if error is not None:
            print(f"--- output of {' '.join(self._command)} in {self.root}\n{self.output()}---")

    # what it said

    def output(self) -> str:
        """All it has written up to now, stdout and stderr as they came."""
        with self._changed:
            return self._text

    def wait_for(self, wanted: str | re.Pattern[str], count: int = 1) -> str:
        """Wait until text (or a pattern) has been written `count` times; all output.

        Fails with the output when the process ends first.
        """
        deadline = time.monotonic() + PATIENCE
        pattern = re.compile(re.escape(wanted)) if isinstance(wanted, str) else wanted
        with self._changed:
            while len(pattern.findall(self._text)) < count:
                left = deadline - time.monotonic()
                if self._ended or left <= 0:
                    why = "ended" if self._ended else "is silent"
                    raise AssertionError(f"no {pattern.pattern!r}, func {why}:\n{self._text}")
                self._changed.wait(left)
            return self._text

    # its processes

    @property
    def template_pid(self) -> int:
        """The process that workers are forked from."""
        (pid,) = children(self.process.pid)
        return pid

    @property
    def worker_pids(self) -> list[int]:
        """The processes that run the app's code, oldest first."""
        return [pid for parent in children(self.process.pid) for pid in children(parent)]

    # its end

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        """End it as Ctrl-C does; the exit code, after all output was read."""
        self.process.send_signal(how)
        return self.wait()

    def wait(self) -> int:
        """Wait for its end; the exit code, after all output was read."""
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"func does not end:\n{self.output()}") from None
        with self._changed:
            self._changed.wait_for(lambda: self._ended, 5)
        return code

    def kill(self) -> None:
        """SIGKILL to the host alone."""
        self.process.kill()
        self.process.wait()

    def _clean_up(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        try:  # what outlived it
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.client.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        fd = self.process.stdout.fileno()
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while data := os.read(fd, 65536):
            with self._changed:
                self._text += decoder.decode(data)
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self.process.stdout.close()


def environment() -> dict[str, str | None]:
    """This process's environment, with our sources importable and nothing of an app's."""
    keep = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AzureWebJobs", "FUNCTIONS_", "PYTHON", "VIRTUAL_ENV", "FORCE_"))
    }
    return {**keep, "PYTHONPATH": str(SOURCES)}


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def children(parent: int) -> list[int]:
    """The process ids of the children of a process, oldest first."""
    listing = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True, check=True
    )
    rows = [line.split() for line in listing.stdout.splitlines()]
    return sorted(int(pid) for pid, of, state in rows if int(of) == parent and "Z" not in state)
