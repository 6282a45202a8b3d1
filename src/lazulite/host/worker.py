"""One worker as the host sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from lazulite.host.launch import Ends
from lazulite.host.logstream import LogStream
from lazulite.model import Data, Invocation, Outcome
from lazulite.wire.peer import CallHandler, Peer, WireClosed, connect
from lazulite.wire.values import pack, unpack


class Worker:
    """Speaks with one worker process: load, serve, invoke, drain, stop.

    `load` and the like raise WireClosed when it died; an invocation it took with it ends with an
    Outcome that is `lost`.
    """

    def __init__(self, number: int, ends: Ends, logs: LogStream) -> None:
        self.number = number
        self.pid = ends.pid
        self.exit_code: int | None = None
        self.draining = False
        self.ready = False
        self._ends = ends
        self._logs = logs
        self._peer: Peer
        self._loop = asyncio.get_running_loop()
        self._running: dict[str, asyncio.Future[Outcome]] = {}
        self._outbox: list[Invocation] = []
        self.ended: asyncio.Future[None] = self._loop.create_future()

    async def connect(
        self, calls: Mapping[str, CallHandler], lost: Callable[[Worker], None]
    ) -> None:
        """Attach to the process; `lost` is called once when the wire closes."""

        def closed() -> None:
            self.ready = False
            for id, waiter in self._running.items():
                if not waiter.done():
                    waiter.set_result(Outcome(id, error="the worker died while it ran", lost=True))
            self._running.clear()
            if not self.ended.done():
                self.ended.set_result(None)
            lost(self)

        self._peer = await connect(
            self._ends.wire, calls, {"outcomes": self._outcomes, "hello": _ignore}, closed
        )
        self._logs.attach(self._ends)

    async def load(self, body: Mapping[str, Any]) -> Any:
        """Have it import the app; what it found."""
        return (await self._peer.call("load", body))[0]

    async def serve(self, body: Mapping[str, Any]) -> Any:
        """Have it open the doors."""
        answer = (await self._peer.call("serve", body))[0]
        self.ready = True
        return answer

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

    async def drain(self, grace: float) -> bool:
        """Have it take no more requests; True when all ended within `grace` seconds."""
        self.draining = True
        self.ready = False
        try:
            await asyncio.wait_for(self._peer.call("drain", None), grace)
        except (asyncio.TimeoutError, WireClosed):
            return False
        return True

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
