"""One worker as the host sees it."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from lazulite.errors import WorkerError
from lazulite.host.generation import Generation
from lazulite.host.launch import Ends
from lazulite.host.logstream import LogStream
from lazulite.model import Data, Invocation, Outcome
from lazulite.wire.peer import (
    CallHandler,
    NoticeHandler,
    Peer,
    RemoteFailure,
    WireClosed,
    connect,
)
from lazulite.wire.values import pack, unpack

PATIENCE = 1.0  # seconds for an answer that a live event loop gives at once


class Worker:
    """Speaks with one worker process: load, serve, invoke, drain, stop.

    `load` and the like raise WireClosed when it died; an invocation it took with it ends with an
    Outcome that is `lost`.
    """

    def __init__(
        self,
        number: int,
        slot: int,
        generation: Generation,
        ends: Ends,
        logs: LogStream,
        code: asyncio.Future[int],
    ) -> None:
        self.number = number
        self.slot = slot
        self.generation = generation
        self.pid = ends.pid
        self.born = time.monotonic()
        self.draining = False
        self.pinging = False
        self.vitals: Mapping[str, Any] | None = None
        self._code = code
        self.ready = False
        self._ends = ends
        self._logs = logs
        self._peer: Peer
        self._loop = asyncio.get_running_loop()
        self._running: dict[str, asyncio.Future[Outcome]] = {}
        self._outbox: list[Invocation] = []
        self.ended: asyncio.Future[None] = self._loop.create_future()

    async def connect(
        self,
        calls: Mapping[str, CallHandler],
        released: NoticeHandler,
        lost: Callable[[Worker], None],
        retire: Callable[[Worker, str], None],
    ) -> None:
        """Attach to the process; `released` takes the `release` notice; `lost` is called once when
        the wire closes, `retire` when the worker asks for a successor, with the reason."""

        def closed() -> None:
            self.ready = False
            for id, waiter in self._running.items():
                if not waiter.done():
                    waiter.set_result(Outcome(id, error="the worker died while it ran", lost=True))
            self._running.clear()
            if not self.ended.done():
                self.ended.set_result(None)
            lost(self)

        notices: dict[str, NoticeHandler] = {
            "outcomes": self._outcomes,
            "hello": _ignore,
            "release": released,
            "retire": lambda body, parts: retire(self, body["reason"]),
        }
        self._peer = await connect(self._ends.wire, calls, notices, closed)
        self._logs.attach(self._ends)

    async def load(self, body: Mapping[str, Any]) -> Any:
        """Have it import the app; what it found."""
        return (await self._peer.call("load", body))[0]

    async def serve(self, body: Mapping[str, Any]) -> Any:
        """Have it open the doors."""
        return (await self._peer.call("serve", body))[0]

    def policy(self, body: Mapping[str, Any]) -> None:
        """Keys or headers changed."""
        self._peer.notify("policy", body)

    async def ping(self) -> Any:
        """How busy it is; answers only when its event loop does."""
        return (await self._peer.call("ping", None))[0]

    @property
    def open_invocations(self) -> int:
        """Those the host sent and that have not ended."""
        return len(self._running)

    def invoke(self, invocation: Invocation) -> Awaitable[Outcome]:
        """Run an invocation; those of one loop turn travel together."""
        waiter: asyncio.Future[Outcome] = self._loop.create_future()
        if not self._peer.open:
            waiter.set_result(Outcome(invocation.id, error="the worker is gone", lost=True))
            return waiter
        self._running[invocation.id] = waiter
        if not self._outbox:
            self._loop.call_soon(self._flush)
        self._outbox.append(invocation)
        return waiter

    def _flush(self) -> None:
        outbox, self._outbox = self._outbox, []
        parts: list[bytes] = []
        self._peer.notify("invoke", [_to_wire(i, parts) for i in outbox], parts)

    def _outcomes(self, body: Any, parts: list[bytes]) -> None:
        for raw in body:
            waiter = self._running.pop(raw["id"], None)
            if waiter is not None and not waiter.done():
                outputs = {n: Data(*p) for n, p in unpack(raw["outputs"], parts).items()}  # type: ignore[arg-type]
                waiter.set_result(
                    Outcome(raw["id"], outputs, raw["error"], raw["stack"], raw["duration"])
                )

    async def leave(self, *, hand_over: bool) -> None:
        """Return when it takes no more connections, or cannot say so. hand_over: requests on open
        connections go to other workers from now on."""
        self.ready = False
        try:
            await asyncio.wait_for(self._peer.call("leave", {"hand_over": hand_over}), PATIENCE)
        except (asyncio.TimeoutError, WireClosed, RemoteFailure):
            self._shut_doors()  # its loop is blocked, or it is gone

    def _shut_doors(self) -> None:
        """Have it take no more connections, whatever keeps its event loop."""
        try:
            self._ends.log.send(b"leave")
        except OSError:  # it is gone
            pass

    async def drain(self, grace: float | None, *, linger: float = 0.0) -> bool:
        """Have it take no more requests; True when all ended within `grace` seconds (None: wait for
        ever). linger: seconds that idle connections are kept. Raises WorkerError."""
        self.draining = True
        self.ready = False
        body = {"linger": linger}
        try:
            await asyncio.wait_for(self._drain(body), grace)
        except (asyncio.TimeoutError, WireClosed):
            return False
        except RemoteFailure as error:
            raise WorkerError(f"worker process {self.pid} could not drain: {error}") from error
        return True

    async def _drain(self, body: Mapping[str, Any]) -> None:
        await self._peer.call("drain", body)
        while self._running:  # outcomes are on their way
            await asyncio.wait(list(self._running.values()))

    @property
    def open(self) -> bool:
        """Whether the wire is up."""
        return self._peer.open

    @property
    def gone(self) -> bool:
        """Whether the process has ended, as far as is known."""
        return self._code.done() or not self._peer.open

    def kill(self) -> None:
        """SIGKILL, unless it is known to have ended."""
        if not self._code.done():
            try:
                os.kill(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    async def exit_code(self) -> int | None:
        """A negative one is the signal that ended it; None when it is not known in a moment."""
        done, _ = await asyncio.wait([self._code], timeout=1)
        return self._code.result() if done else None

    def stop(self) -> None:
        """Have it end now."""
        self.ready = False
        self._peer.notify("stop", None)


def _ignore(body: Any, parts: list[bytes]) -> None: ...


def _to_wire(invocation: Invocation, parts: list[bytes]) -> dict[str, Any]:
    trigger = pack({"": (invocation.trigger.type, invocation.trigger.value)}, parts)[""]
    inputs = pack({n: (d.type, d.value) for n, d in invocation.inputs.items()}, parts)
    return {
        "id": invocation.id,
        "function": invocation.function,
        "trigger": trigger,
        "metadata": dict(invocation.metadata),
        "inputs": inputs,
        "reason": invocation.reason,
        "details": dict(invocation.details),
        "trace_parent": invocation.trace_parent,
        "retry_count": invocation.retry_count,
        "max_retries": invocation.max_retries,
    }
