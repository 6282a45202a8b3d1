"""Writes docs/session.md: two terminals, captured from real ones, from an empty folder to a queue
trigger that ran.

What differs from run to run is masked: times, ids, durations, the port, the folder.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import shlex
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "session.md"
PROMPT = "\x1e$ "
PATIENCE = 60.0

INTRODUCTION = """\
# A session

From an empty folder to a queue trigger that ran, in two terminals. `scripts/docs` types these
commands into real ones and writes this page; times, ids, durations and folders are masked.
"""
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
MASKS = (
    (rf"\[{_TIME}\.\d{{3}}Z\]", "[2026-03-01T09:30:00.000Z]"),
    (rf"(?<!\[){_TIME}(\.\d+)?(?=Z|[+-]\d\d:\d\d)", "2026-03-01T09:30:00"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "11111111-2222-3333-4444-555555555555"),
    (r"Duration=\d+ms", "Duration=1ms"),
    (r"\(\d+ ms\)", "(1 ms)"),
)


def mask(text: str, folder: str, port: int) -> str:
    """`text` with what is different in each run replaced by what is not."""
    text = text.replace(folder, "/home/you").replace(f" --port {port}", "")
    text = text.replace(f"localhost:{port}", "localhost:7071")
    for pattern, instead in MASKS:
        text = re.sub(pattern, instead, text)
    return text


class Terminal:
    """A shell on a pseudo-terminal of 110 columns. `text` is all that it showed."""

    def __init__(self, folder: str, environ: dict[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 110, 0, 0))
        self._shell = subprocess.Popen(
            ["bash", "--norc", "--noprofile", "--noediting", "-i"],
            cwd=folder,
            env={**environ, "PS1": PROMPT, "TERM": "dumb"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(theirs)
        self.text = ""
        self._seen = 0

    def __enter__(self) -> Terminal:
        self.wait_for(PROMPT)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._ours)  # hangs up: what runs in it ends
        try:
            self._shell.wait(15)
        except subprocess.TimeoutExpired:
            self._shell.kill()
            self._shell.wait()

    def run(self, command: str) -> None:
        """Type a command and wait until the shell asks for the next one."""
        self.type(f"{command}\n")
        self.wait_for(PROMPT)

    def type(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def wait_for(self, wanted: str) -> None:
        """Wait for text behind what was last waited for. Raises TimeoutError, with all text."""
        deadline = time.monotonic() + PATIENCE
        while (at := self.text.find(wanted, self._seen)) < 0:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._ours], [], [], left)[0]:
                raise TimeoutError(f"no {wanted!r} in:\n{self.text}")
            try:
                block = os.read(self._ours, 65536)
            except OSError:  # hung up
                block = b""
            if not block:
                raise TimeoutError(f"the terminal ended before {wanted!r}:\n{self.text}")
            self.text += block.decode("utf-8", "replace").replace("\r\n", "\n")
        self._seen = at + len(wanted)

    def shown(self, start: int = 0) -> str:
        """What it showed from a place in `text` on, without the last, empty prompt."""
        return self.text[start:].removesuffix(PROMPT).replace(PROMPT, "$ ").strip("\n")


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def session(folder: str, port: int) -> str:
    """The page, unmasked."""
    environ = environment(folder)
    with Terminal(folder, environ) as first, Terminal(folder, environ) as second:
        first.run("func init demo")
        first.run("cd demo")
        first.run('func new --template "HTTP trigger" --name hello')
        first.run('func new --template "Queue trigger" --name take_order --queue orders')
        first.type(f"func start --port {port}\n")
        first.wait_for("For detailed output, run func with --verbose flag.\n")
        started = len(first.text)
        beginning = first.shown()
        second.run("cd demo")
        second.run("func invoke hello -q name=you")
        first.wait_for("Executed 'Functions.hello'")
        second.run("func storage queue put orders 'two teas'")
        first.wait_for("Executed 'Functions.take_order' (Succeeded")
        second.run("func storage queue peek orders")
        second.run("func invoke take_order --data 'one coffee'")
        first.wait_for("Executed 'Functions.take_order' (Succeeded")
        first.type("\x03")
        first.wait_for(PROMPT)
        parts = [
            ("First terminal: an app with two functions", beginning),
            ("Second terminal: call them", second.shown()),
            ("First terminal: what it showed meanwhile, and Ctrl-C", first.shown(started)),
        ]
    return INTRODUCTION + "".join(f"\n## {title}\n\n{fenced(text)}\n" for title, text in parts)


def fenced(text: str) -> str:
    """`text` as it stands in the page."""
    lines = [line.expandtabs(4).rstrip() for line in text.split("\n")]
    return "\n".join(["```console", *lines, "```"])


def environment(folder: str) -> dict[str, str]:
    """What the shells know: `func` of these sources, and nothing of who runs this."""
    programs = os.path.join(folder, ".programs")
    os.makedirs(programs, exist_ok=True)
    func = os.path.join(programs, "func")
    Path(func).write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m lazulite.cli "$@"\n')
    os.chmod(func, 0o755)
    return {
        "PATH": os.pathsep.join([programs, os.environ["PATH"]]),
        "HOME": folder,
        "LANG": "C.UTF-8",
        "NO_COLOR": "1",
        "PYTHONPATH": str(ROOT / "src"),
        "BASH_SILENCE_DEPRECATION_WARNING": "1",
    }


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def main(arguments: list[str]) -> int:
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="session-") as folder:
        folder = os.path.realpath(folder)
        page = mask(session(folder, port), folder, port)
    name = PAGE.relative_to(ROOT)
    if "--check" in arguments:
        same = PAGE.exists() and PAGE.read_text() == page
        print(f"{name} is {'as it should be' if same else 'out of date: run scripts/docs'}")
        return 0 if same else 1
    PAGE.write_text(page)
    print(f"Writing {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
