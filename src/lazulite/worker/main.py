"""One worker: speaks with the host, loads the app, serves its HTTP functions, runs the rest."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lazulite.wire.peer import Answer, connect
from lazulite.worker.doors import Doors
from lazulite.worker.guard import end_with_host
from lazulite.worker.leaving import run_exit_handlers
from lazulite.worker.recycling import exhausted, memory
from lazulite.worker.reporting import Reporting, start_reporting


def run(fds: Sequence[int]) -> int:
    """The life of a worker process; returns its exit code.

    fds: wire, log, stdout, stderr, then the public listeners.
    """
    wire, log, out, err, *listeners = fds
    reporting = start_reporting(log, out, err)
    # handlers, and not SIG_IGN, which children of user code would inherit
    signal.signal(signal.SIGINT, lambda *_: None)
    worker = Worker(listeners, reporting)
    sock = socket.socket(fileno=wire)
    end_with_host(sock)
    return asyncio.run(worker.run(sock))


class Worker:
    """The host's calls, one method each."""

    def __init__(self, listeners: Sequence[int], reporting: Reporting) -> None:
        self._listeners = listeners
        self._reporting = reporting
        self._stopped: asyncio.Event
        self._app: Any = None
        self._server: Any = None
        self._invoker: Any = None
        self._runtime: Any = None
        self._front: Any = None
        self._watchdog: Any = None
        self._doors = Doors(listeners)
        self._limits: dict[str, Any] = {}
        self._retiring = False
        self._retreat: Any = None

    async def run(self, sock: socket.socket) -> int:
        """Serve the host until it says stop or goes away."""
        self._stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._retire, "it was sent SIGTERM")
        calls = {
            "load": self._load,
            "serve": self._serve,
            "leave": self._leave,
            "drain": self._drain,
            "ping": self._ping,
        }
        notices = {
            "invoke": lambda body, parts: self._invoker.accept(body, parts),
            "policy": self._policy,
            "stop": lambda body, parts: self._stopped.set(),
        }
        self._peer = await connect(sock, calls, notices, self._stopped.set)
        self._peer.notify("hello", {"pid": os.getpid(), "python": sys.version.split()[0]})
        await self._stopped.wait()
        run_exit_handlers()
        self._peer.close()
        return 0

    async def _load(self, body: Any, parts: list[bytes]) -> Answer:
        """Take the settings as environment, import the app, report what was found."""
        os.environ.clear()
        os.environ.update(body["environ"])
        os.chdir(body["root"])
        for place in body["search"]:
            if place not in sys.path:
                sys.path.append(place)
        if body.get("time_zone") or "TZ" in os.environ:
            time.tzset()
        try:
            import azure.functions  # noqa: F401
        except ImportError as error:
            return {"missing": str(error), "python": sys.executable}, []
        from lazulite.model import spec_from_wire
        from lazulite.worker.app import LoadedApp

        self._reporting.attach_logging(body["log_level"])
        if body.get("debug"):
            from lazulite.worker.debugging import NoDebugger, listen

            try:
                await listen(body["debug"]["wait"])
            except NoDebugger as error:
                return {"refused": str(error)}, []
        folders = [spec_from_wire(raw) for raw in body["folders"]]
        self._app = LoadedApp(body["root"], body["script"], folders)
        return self._app.report(), []

    async def _serve(self, body: Any, parts: list[bytes]) -> Answer:
        """Take the host's final word on the functions and policy, and open the doors."""
        from lazulite.worker.invoker import Invoker
        from lazulite.worker.pool import Pool, default_size
        from lazulite.worker.runtime import Runtime
        from lazulite.worker.server import Server
        from lazulite.worker.serving import front_of

        loop = asyncio.get_running_loop()
        specs, bound = self._app.bind(body["functions"], body["spool"])
        pool = Pool(body["threads"] or default_size())
        recorder = self._reporting.recorder()
        self._runtime = Runtime(
            loop, pool, recorder, self._peer, body["spool"], body["development"]
        )
        pool.start()
        self._limits = body["limits"]
        self._runtime.stranded = lambda call: self._retire_soon(
            f"a thread is stuck in function '{call.function}'"
        )
        self._ticker = loop.create_task(self._tick())
        self._invoker = Invoker(self._runtime, bound)
        self._front = front_of(body, specs, bound, self._runtime, self._peer)
        self._server = Server(self._listeners, body["server"])
        self._front.start()
        self._doors.open()
        self._server.start(loop, self._front.schedule, body["worker"])
        self._watchdog = self._watch(loop, bound)
        errors = {name: spec.error for name, spec in specs.items() if spec.error}
        return {"errors": errors}, []

    def _policy(self, body: Any, parts: list[bytes]) -> None:
        """Keys or headers changed."""
        from lazulite.worker.policy import policy_from_wire

        self._front.replace_policy(policy_from_wire(body))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1)
            self._runtime.recorder.tick()
            reason = exhausted(self._limits, self._runtime.count)
            if reason:
                self._retire(reason)

    def _watch(self, loop: asyncio.AbstractEventLoop, bound: Mapping[str, Any]) -> Any:
        from lazulite.worker.expiry import Expiry
        from lazulite.worker.watchdog import Watchdog, blocked_text

        timeout = self._limits.get("timeout")
        check: Callable[[], None] = lambda: None  # noqa: E731
        if timeout is not None:
            check = Expiry(self._runtime, timeout, self._limits["timeout_shown"]).check
        watchdog = Watchdog(
            loop,
            {b.code: name for name, b in bound.items() if b.code is not None},
            lambda seconds, name, stack: self._runtime.recorder.host(
                "Warning", "Host.Worker", blocked_text(os.getpid(), seconds, name, stack)
            ),
            self._limits["hang"],
            self._doors.close,
            lambda: self._retire_soon("its event loop was blocked"),
            check,
        )
        watchdog.start()
        self._runtime.lag = lambda: watchdog.lag
        return watchdog

    def _retire(self, reason: str) -> None:
        """Ask the host for a successor; this worker is drained when that serves."""
        if not self._retiring:
            self._retiring = True
            self._peer.notify("retire", {"reason": reason})

    def _retire_soon(self, reason: str) -> None:
        """`_retire`, from any thread."""
        self._runtime.loop.call_soon_threadsafe(self._retire, reason)

    async def _leave(self, body: Any, parts: list[bytes]) -> Answer:
        """Take no more connections. hand_over: requests that still come on open ones are passed on
        to the workers that took over."""
        from lazulite.worker.retreat import Retreat

        self._retiring = True
        if self._server is not None and self._retreat is None:
            self._retreat = Retreat(self._doors, self._server, self._front, self._runtime)
            self._retreat.begin(bool(body["hand_over"]))
        return {}, []

    async def _drain(self, body: Any, parts: list[bytes]) -> Answer:
        """Answer when what runs has ended and clients have left. linger: seconds until idle
        connections are closed."""
        await self._leave({"hand_over": False}, [])
        if self._retreat is None:
            return {}, []
        await self._retreat.end(float(body["linger"]))
        await self._front.stop()
        self._runtime.recorder.tick()
        return {}, []

    async def _ping(self, body: Any, parts: list[bytes]) -> Answer:
        open_calls = len(self._runtime.open_calls) if self._runtime else 0
        waiting = self._runtime.pool.waiting if self._runtime else 0
        return {
            "open": open_calls,
            "waiting": waiting,
            "lag": self._watchdog.lag if self._watchdog else 0.0,
            "count": self._runtime.count if self._runtime else 0,
            "memory": memory(),
        }, []
