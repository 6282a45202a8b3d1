"""A debugger on the app: the real debug adapter, and a client that speaks to it as editors do."""

from __future__ import annotations

import os
import signal
import socket
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.e2e.dap import Debugger
from tests.e2e.harness import APPS, PATIENCE, FuncApp, children, environment, free_port
from tests.e2e.test_supervision import alive, eventually

APP = APPS / "debugging"
GREET = 12  # the line of the answer in `greet`
LATER = 18
LOADED = 6  # at import
LINUX = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")


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

    def load_as(self, name: str) -> None:
        """Change the code, so that it gives itself another name when it is imported."""
        lines = self.code.read_text().splitlines()
        lines[LOADED - 1] = f'loaded = "{name}"'
        self.code.write_text("\n".join([*lines, ""]))


def adapters(app: FuncApp) -> list[int]:
    """The debug adapters of an app, which are nobody's children."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            mine = str(app.root).encode() in (folder / "environ").read_bytes()
        except OSError:  # it ended meanwhile, or is not ours
            continue
        if mine and b"debugpy" in command and b"--for-server" in command:
            found.append(int(folder.name))
    return found


def test_who_attached_once_stays_attached_over_edits(tmp_path: Path) -> None:
    with DebuggedApp(tmp_path) as app:
        assert f"A debugger can attach on port {app.debug_port}." in app.output()
        app.wait_for("Worker process started and initialized.")
        with Debugger(app.debug_port, {app.code: [GREET]}) as debugger:
            worker = debugger.attached()
            assert worker == app.call("pid").result().json()
            answer = app.call("greet?name=Ada")
            stop = debugger.stopped()
            assert (stop.file, stop.line) == (app.code, GREET)
            assert stop.value("name") == "'Ada'"
            stop.go_on()
            assert answer.result().text == "first: Hello, Ada!"
            for round, name in enumerate(["second", "third"], 1):
                debugger.breakpoints = {app.code: [LOADED, LATER]}
                app.load_as(name)
                stop = debugger.stopped()
                assert stop.line == LOADED  # the new code is being imported
                stop.go_on()
                worker, former = debugger.attached(), worker
                assert worker != former
                app.wait_for("App reloaded", round)
                answer = app.call("greet-later")
                stop = debugger.stopped()
                assert stop.line == LATER
                assert stop.value("loaded") == f"'{name}'"
                stop.go_on()
                assert answer.result().text == f"{name}: Later, world!"
            assert debugger.ports == {app.debug_port}
            assert app.output().count("A debugger can attach") == 1
            assert app.stop() == 0
    eventually(lambda: not adapters(app))


def test_a_request_at_a_breakpoint_ends_on_the_old_code_while_the_new_serves(
    tmp_path: Path,
) -> None:
    with DebuggedApp(tmp_path) as app, Debugger(app.debug_port, {app.code: [GREET]}) as debugger:
        debugger.attached()
        old = app.call("greet")
        stop = debugger.stopped()
        debugger.breakpoints = {}
        app.load_as("second")
        debugger.attached()
        app.wait_for("App reloaded")
        for _ in range(5):  # each on a connection of its own
            assert app.call("greet").result().text == "second: Hello, world!"
        assert not old.done()
        stop.go_on()
        assert old.result().text == "first: Hello, world!"
        assert "blocking the event loop" not in app.output()
        assert "is replaced" not in app.output()


def test_workers_of_a_new_template_are_in_the_same_session(tmp_path: Path) -> None:
    with DebuggedApp(tmp_path) as app, Debugger(app.debug_port, {app.code: [GREET]}) as debugger:
        debugger.attached()
        (app.root / "requirements.txt").write_text("azure-functions\n")
        worker = debugger.attached()
        app.wait_for("App reloaded")
        os.kill(worker, signal.SIGKILL)
        debugger.attached()
        answer = app.call("greet")
        debugger.stopped().go_on()
        assert answer.result().text == "first: Hello, world!"


def test_a_debugger_is_waited_for_and_stops_at_import(tmp_path: Path) -> None:
    with DebuggedApp(tmp_path, "--debug-wait", ready=", and is waited for.") as app:
        with Debugger(app.debug_port, {app.code: [LOADED]}) as debugger:
            stop = debugger.stopped()
            assert (stop.file, stop.line) == (app.code, LOADED)
            assert "Worker process started" not in app.output()
            stop.go_on()
            app.wait_for("Worker process started and initialized.")
            debugger.attached()
            debugger.detach()
        with Debugger(app.debug_port, {app.code: [GREET]}) as debugger:
            debugger.attached()
            answer = app.call("greet")
            debugger.stopped()
            debugger.detach()
            assert answer.result().text == "first: Hello, world!"


def test_ctrl_c_ends_what_waits_for_a_debugger(tmp_path: Path) -> None:
    with DebuggedApp(tmp_path, "--debug-wait", ready=", and is waited for.") as app:
        assert app.stop() == 0
    eventually(lambda: not adapters(app))


def test_ctrl_c_ends_what_stands_at_a_breakpoint(tmp_path: Path) -> None:
    with DebuggedApp(tmp_path) as app, Debugger(app.debug_port, {app.code: [GREET]}) as debugger:
        worker = debugger.attached()
        app.call("greet")
        debugger.stopped()
        assert app.stop() == 0
        assert not alive(worker)


@LINUX
def test_nothing_outlives_a_killed_host(tmp_path: Path) -> None:
    with DebuggedApp(tmp_path) as app:
        app.wait_for("Worker process started and initialized.")
        there = [pid for child in children(app.process.pid) for pid in (child, *children(child))]
        adapter = adapters(app)
        assert len(adapter) == 1
        with Debugger(app.debug_port, {app.code: [GREET]}) as debugger:
            assert debugger.attached() in there
            app.call("greet")
            debugger.stopped()
            app.kill()
            eventually(lambda: not any(map(alive, there)))
        eventually(lambda: not any(map(alive, adapter)))


def test_a_debugger_that_ends_what_it_debugs_ends_the_app(tmp_path: Path) -> None:
    with DebuggedApp(tmp_path) as app, Debugger(app.debug_port, {}) as debugger:
        debugger.attached()
        debugger.terminate()
        assert app.wait() == 0
        assert "The process that debuggers attach to ended" in app.output()


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with FuncApp(APP, args=["--debug-port", str(port)], ready=None) as app:
            assert app.wait() == 1
    assert f"Port {port}, for debuggers, is unavailable." in app.output()
    assert "--debug-port" in app.output()
    assert "Traceback" not in app.output()


@pytest.mark.parametrize(
    ("debugger", "said"),
    [
        ("raise ImportError('no debugger here')", "debugpy is not installed for "),
        (
            "def configure(**_): ...\n__version__ = '1.6.0'",
            "debugpy 1.6.0 is older than 1.8.15.",
        ),
    ],
)
def test_a_debugger_that_does_not_fit_is_told(debugger: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "debugpy.py").write_text(debugger)
    (tmp_path / "pydevd.py").write_text("def settrace(host, port): ...")
    path = f"{tmp_path}{os.pathsep}{environment()['PYTHONPATH']}"
    with FuncApp(APP, args=["--debug"], env={"PYTHONPATH": path}, ready=None) as app:
        assert app.wait() == 1
    assert said in app.output()
    assert "-m pip install --upgrade debugpy" in app.output()
    assert "Traceback" not in app.output()


def test_who_only_looks_whether_the_port_is_open_harms_nobody(tmp_path: Path) -> None:
    with DebuggedApp(tmp_path) as app:
        for _ in range(3):
            socket.create_connection(("127.0.0.1", app.debug_port)).close()
        with Debugger(app.debug_port, {app.code: [GREET]}) as debugger:
            debugger.attached()
            answer = app.call("greet")
            debugger.stopped().go_on()
            assert answer.result().text == "first: Hello, world!"
