"""What stands between host and worker when both are in one process: a wire that is a function call,
threads that end, functions that are watched."""

from __future__ import annotations

import asyncio
import inspect
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, cast

from lazulite.host.worker import _to_wire as invocation_to_wire
from lazulite.model import Data, Invocation, Outcome
from lazulite.testing.records import Records, plain
from lazulite.testing.rsgi import Exchange
from lazulite.wire.codec import Frame
from lazulite.wire.peer import CallHandler, Peer
from lazulite.wire.values import unpack
from lazulite.worker.bound import Bound
from lazulite.worker.channel import LogChannel
from lazulite.worker.context import current
from lazulite.worker.invoker import Invoker
from lazulite.worker.pool import Pool
from lazulite.worker.recorder import Recorder


class LocalPeer(Peer):
    """The worker's end of the wire; the host answers within the call."""

    def __init__(self, calls: Mapping[str, CallHandler], records: Records) -> None:
        self._handlers = calls
        self._records = records
        self._running: dict[str, asyncio.Future[Outcome]] = {}

    @property
    def open(self) -> bool:
        return True

    async def call(self, name: str, body: Any, parts: Sequence[bytes] = ()) -> Frame:
        answer, out = await self._handlers[name](body, list(parts))
        return answer, list(out)

    def notify(self, name: str, body: Any, parts: Sequence[bytes] = ()) -> None:
        if name != "outcomes":
            return
        for raw in body:
            waiter = self._running.pop(raw["id"], None)
            outputs = {n: Data(*p) for n, p in unpack(raw["outputs"], parts).items()}  # type: ignore[arg-type]
            if waiter is not None and not waiter.done():
                waiter.set_result(
                    Outcome(raw["id"], outputs, raw["error"], raw["stack"], raw["duration"])
                )

    def expect(self, id: str) -> asyncio.Future[Outcome]:
        """The outcome of an invocation that is about to be accepted."""
        waiter: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._running[id] = waiter
        return waiter


class LocalWorkers:
    """host.dispatch.Workers over the worker's own invoker."""

    def __init__(self, peer: LocalPeer, invoker: Invoker, records: Records) -> None:
        self._peer = peer
        self._invoker = invoker
        self._records = records

    async def invoke(self, invocation: Invocation) -> Outcome:
        waiter = self._peer.expect(invocation.id)
        parts: list[bytes] = []
        self._invoker.accept([invocation_to_wire(invocation, parts)], parts)
        outcome = await waiter
        record = self._records.last(invocation.id)
        if record is not None:
            record.outputs.update(
                (name, plain(data.type, data.value)) for name, data in outcome.outputs.items()
            )
        return outcome


class EndingPool(Pool):
    """The worker's threads, which a test must be able to end."""

    def stop(self) -> None:
        """End the threads that are free; one that hangs in a function is left (a daemon)."""
        for _ in self._threads:
            self._queue.put(None)

    def _work(self) -> None:
        while (task := self._queue.get()) is not None:
            try:
                task[0](*task[1:])
            except BaseException:
                traceback.print_exc()
            del task


class MemoryChannel(LogChannel):
    """The worker's log channel, into memory."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def send(self, message: dict[str, Any]) -> None:
        self._records.send(message)


class FullRecorder(Recorder):
    """Tells of every invocation, at any rate."""

    RATE = 1 << 60


def watch(bound: Bound, records: Records) -> None:
    """Have what a function returns and raises noted in its invocation's record, and what it raises
    in the HTTP exchange it ran for."""
    bound.call = _watched(bound.call, records)


def _watched(call: Callable[..., Any], records: Records) -> Callable[..., Any]:
    def note(error: BaseException, arguments: Mapping[str, Any]) -> None:
        running = current.get()
        record = records.of(running.id) if running is not None else None
        if record is not None:
            record.error = error
        for value in arguments.values():
            exchange = getattr(getattr(value, "_scope", None), "exchange", None)
            if isinstance(exchange, Exchange):
                exchange.errors.append(error)

    def keep(returned: Any) -> Any:
        running = current.get()
        record = records.of(running.id) if running is not None else None
        if record is not None:
            record.returned = returned
        return returned

    if inspect.iscoroutinefunction(call):

        @wraps(call)
        async def watched_async(**arguments: Any) -> Any:
            try:
                return keep(await call(**arguments))
            except BaseException as error:
                note(error, arguments)
                raise

        return watched_async

    @wraps(call)
    def watched(**arguments: Any) -> Any:
        try:
            return keep(call(**arguments))
        except BaseException as error:
            note(error, arguments)
            raise

    return cast("Callable[..., Any]", watched)
