"""Starting the template process and forking workers from it."""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lazulite.errors import WorkerError
from lazulite.host.spawning import start_template, template_command
from lazulite.wire import forkserver


@dataclass(frozen=True)
class Launch:
    """How the template is started. server: the folder that the HTTP server is imported from;
    search: folders at the end of the app's sys.path."""

    python: str
    root: str
    server: str
    search: tuple[str, ...]
    environ: Mapping[str, str]


def spawn(launch: Launch) -> tuple[int, socket.socket]:
    """Start the template process; (pid, control socket). Fast, and before any event loop.

    Raises WorkerError when the interpreter cannot be executed.
    """
    try:
        started = start_template(command_of(launch), launch.environ)
    except OSError as error:
        raise WorkerError(f"{launch.python} cannot be started: {error.strerror}") from error
    return started.pid, started.control


def command_of(launch: Launch) -> list[str]:
    """The command that starts the template."""
    return template_command(launch.python, launch.root, launch.server, launch.search)


@dataclass
class Ends:
    """The host's ends of a worker's sockets and pipes."""

    pid: int
    wire: socket.socket
    log: socket.socket
    stdout: int
    stderr: int


class Template:
    """The running template process, on the event loop."""

    def __init__(self, pid: int, control: socket.socket) -> None:
        self.pid = pid
        self.python: tuple[int, ...] = ()
        self._control = control
        self._numbers = itertools.count(1)
        self._loop = asyncio.get_running_loop()
        self._forks: dict[int, asyncio.Future[int]] = {}
        self._exits: dict[int, Callable[[int], None]] = {}
        self._early: dict[int, int] = {}
        self._closed = False
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self.code: asyncio.Future[int] = self._loop.create_future()
        self.gone: asyncio.Future[None] = self._loop.create_future()
        control.setblocking(False)
        self._loop.add_reader(control.fileno(), self._receive)

    async def ready(self, timeout: float) -> None:
        """Return when workers can be forked. Raises WorkerError."""
        done, _ = await asyncio.wait(
            {self._ready, self.gone}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED
        )
        if self._ready not in done:
            reason = "ended before it was ready" if done else f"was not ready in {timeout:g} s"
            raise WorkerError(f"the worker's template process {reason}")

    async def fork(self, listeners: Sequence[int], exited: Callable[[int], None]) -> Ends:
        """A new worker; `exited(code)` is called once when it ended, a negative code being the
        signal. Raises WorkerError."""
        wire, their_wire = socket.socketpair()
        log, their_log = forkserver.pair()
        log.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
        out, their_out = os.pipe()
        err, their_err = os.pipe()
        number = next(self._numbers)
        waiter: asyncio.Future[int] = self._loop.create_future()
        self._forks[number] = waiter
        theirs = [their_wire.fileno(), their_log.fileno(), their_out, their_err]
        try:
            forkserver.send(self._control, {"fork": number}, [*theirs, *listeners])
        except OSError as error:
            for end in (wire, log):
                end.close()
            os.close(out)
            os.close(err)
            self._forks.pop(number, None)
            raise WorkerError(f"the worker's template process is gone: {error}") from error
        finally:
            their_wire.close()
            their_log.close()
            os.close(their_out)
            os.close(their_err)
        try:
            pid = await waiter
        except WorkerError:
            for end in (wire, log):
                end.close()
            os.close(out)
            os.close(err)
            raise
        if pid in self._early:
            self._loop.call_soon(exited, self._early.pop(pid))
        else:
            self._exits[pid] = exited
        return Ends(pid, wire, log, out, err)

    def close(self) -> None:
        """End the template, and whatever it has forked and is still there."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._control.fileno())
        self._control.close()
        _reap(self.pid, lambda code: None)

    @property
    def alive(self) -> bool:
        """Whether it can fork."""
        return not self._closed and not self.gone.done()

    def _receive(self) -> None:
        while True:
            try:
                received = forkserver.receive(self._control)
            except BlockingIOError:
                return
            except OSError:
                received = None
            if received is None:
                self._lost()
                return
            message, _ = received
            if "ready" in message:
                self.python = tuple(message["python"])
                if not self._ready.done():
                    self._ready.set_result(None)
            elif "forked" in message:
                waiter = self._forks.pop(message["forked"])
                if not waiter.done():
                    waiter.set_result(message["pid"])
            elif "exited" in message:
                exited = self._exits.pop(message["exited"], None)
                if exited is None:
                    self._early[message["exited"]] = message["code"]
                else:
                    exited(message["code"])

    def _ended(self, code: int) -> None:
        def settle() -> None:
            if not self.code.done():
                self.code.set_result(code)

        try:
            self._loop.call_soon_threadsafe(settle)
        except RuntimeError:  # the host has ended
            pass

    def _lost(self) -> None:
        if not self._closed:
            self._closed = True
            self._loop.remove_reader(self._control.fileno())
            self._control.close()
            _reap(self.pid, self._ended)
        if not self.gone.done():
            self.gone.set_result(None)
        for waiter in self._forks.values():
            if not waiter.done():
                waiter.set_exception(WorkerError("the worker's template process died"))
        self._forks.clear()


def _reap(pid: int, tell: Callable[[int], None]) -> None:
    """Wait for the end of a child on a thread, so that no zombie is left; `tell` its exit code."""

    def wait() -> None:
        try:
            _, status = os.waitpid(pid, 0)
        except ChildProcessError:
            return
        tell(os.waitstatus_to_exitcode(status))

    threading.Thread(target=wait, name="lazulite-reaper", daemon=True).start()
