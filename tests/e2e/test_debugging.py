"""A debugger on the app: the real debug adapter, and a client that speaks to it as editors do."""

from __future__ import annotations

import os
import signal
import subprocess
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.e2e.dap import Debugger
from tests.e2e.harness import APPS, PATIENCE, FuncApp, free_port

APP = APPS / "debugging"
GREET = 10  # the line of the answer in `greet`
LATER = 16
LOADED = 4  # at import


class DebuggedApp(FuncApp):
    """The app with `--debug`, on a free port, in a copy."""

    def __init__(self, tmp_path: Path, *args: str, ready: str = "A debugger can attach") -> None:
        self.debug_port = free_port()
        place = ("--debug-port", str(self.debug_port))
        super().__init__(APP, copy_to=tmp_path, args=(*place, *args), ready=ready)
        self._threads = ThreadPoolExecutor(4)

    @property
    def code(self) -> Path:
        """The file to stop in."""
        return self.root / "function_app.py"

    def call(self, path: str) -> Future[httpx.Response]:
        """A request on a connection of its own, that does not wait for the answer."""
        return self._threads.submit(httpx.get, f"{self.url}/api/{path}", timeout=PATIENCE)

    def edit(self, old: str, new: str) -> None:
        """Change the code."""
        self.code.write_text(self.code.read_text().replace(old, new))


def adapters(port: int) -> list[int]:
    """The debug adapters that serve a port."""
    found = subprocess.run(
        ["pgrep", "-f", f"debugpy/adapter .*--port {port}"], capture_output=True, text=True
    )
    return [int(pid) for pid in found.stdout.split()]


def test_who_attached_once_stays_attached_over_edits(tmp_path: Path) -> None:
    with DebuggedApp(tmp_path) as app:
        assert f"A debugger can attach on port {app.debug_port}." in app.output()
        app.wait_for("Worker process started and initialized.")
        with Debugger(app.debug_port, {app.code: [GREET]}) as debugger:
            first = debugger.attached()
            answer = app.call("greet?name=Ada")
            stop = debugger.stopped()
            assert (stop.file, stop.line) == (app.code, GREET)
            assert stop.value("name") == "'Ada'"
            stop.go_on()
            assert answer.result().text == "first: Hello, Ada!"

            for round in ("second", "third"):
                debugger.breakpoints = {app.code: [LOADED, LATER]}
                app.edit(app.code.read_text().splitlines()[LOADED - 1], f'loaded = "{round}"')
                stop = debugger.stopped()  # while the new code is imported
                assert stop.line == LOADED
                stop.go_on()
                second = debugger.attached()
                assert second != first
                app.wait_for("App reloaded", {"second": 1, "third": 2}[round])
                answer = app.call("greet-later")
                stop = debugger.stopped()
                assert stop.line == LATER
                assert stop.value("loaded") == f"'{round}'"
                stop.go_on()
                assert answer.result().text == f"{round}: Later, world!"
                first = second
            assert debugger.ports == {app.debug_port}
            assert app.output().count("A debugger can attach") == 1
            assert app.stop() == 0
    assert adapters(app.debug_port) == []
