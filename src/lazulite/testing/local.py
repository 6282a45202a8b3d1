"""What stands between host and worker when both are in one process: a wire that is a function call,
threads that end, functions that are watched."""

from __future__ import annotations

import asyncio
import inspect
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from functools import wraps
from typing import Any

from lazulite.host.dispatch import Dispatcher
from lazulite.host.worker import _to_wire as invocation_to_wire
from lazulite.model import Data, Invocation, Outcome, TriggerEvent
from lazulite.testing.records import Failure, Records, plain
from lazulite.testing.records import Invocation as Record
from lazulite.testing.rsgi import Exchange
from lazulite.wire.codec import Frame
from lazulite.wire.peer import CallHandler, NoticeHandler, Peer
from lazulite.wire.values import unpack
from lazulite.worker.bound import Bound
from lazulite.worker.call import Call, current
from lazulite.worker.channel import LogChannel
from lazulite.worker.http import Front
from lazulite.worker.invoker import Invoker
from lazulite.worker.pool import Pool
from lazulite.worker.recorder import Recorder
from lazulite.worker.targets import Target

_serving: ContextVar[Exchange | None] = ContextVar("serving", default=None)


class LocalPeer(Peer):
    """The worker's end of the wire; the host answers within the call."""

    def __init__(
        self, calls: Mapping[str, CallHandler], released: NoticeHandler, records: Records
    ) -> None:
        self._handlers = calls
        self._released = released
        self._records = records
        self._running: dict[str, asyncio.Future[Outcome]] = {}

    @property
    def open(self) -> bool:
        return True

    async def call(self, name: str, body: Any, parts: Sequence[bytes] = ()) -> Frame:
        answer, out = await self._handlers[name](body, list(parts))
        return answer, list(out)

    def notify(self, name: str, body: Any, parts: Sequence[bytes] = ()) -> None:
        if name == "release":
            self._released(body, list(parts))
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


class RecordedDispatcher(Dispatcher):
    """Notes failures that the worker does not know of, of inputs and outputs, and tells when a run
    is over: one by the admin API has no listener that would go on and be seen doing it."""

    def __init__(self, records: Records, *parts: Any) -> None:
        super().__init__(*parts)
        self._records = records

    async def execute(self, name: str, event: TriggerEvent) -> Outcome:
        try:
            outcome = await super().execute(name, event)
        finally:
            self._records.ended()  # only now is it no longer running for the host
        if outcome.error is None:
            return outcome
        record = self._records.last(outcome.id)
        if record is None:
            record = Record(name, outcome.id, event.reason, event.details, ended=True)
            self._records.invocations.append(record)
        if record.error is None:
            record.error = Failure(outcome.error, stack=outcome.stack)
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


class Watch:
    """Has what functions return and raise noted in their invocations' records, and in the HTTP
    exchanges that they run for.

    direct: the calls of exchanges that are not answered yet. began: called on any thread.
    """

    def __init__(self, records: Records, began: Callable[[], None]) -> None:
        self.direct: set[Call] = set()
        self._records = records
        self._began = began

    def attach(self, bound: Bound) -> None:
        """Watch one function."""
        call = bound.call
        if inspect.iscoroutinefunction(call):

            @wraps(call)
            async def watched_async(**arguments: Any) -> Any:
                exchange = self._start(arguments)
                try:
                    return self._keep(await call(**arguments))
                except BaseException as error:
                    self._note(error, exchange)
                    raise

            bound.call = watched_async
            return

        @wraps(call)
        def watched(**arguments: Any) -> Any:
            exchange = self._start(arguments)
            try:
                return self._keep(call(**arguments))
            except BaseException as error:
                self._note(error, exchange)
                raise

        bound.call = watched

    def belongs(self, call: Call, exchange: Exchange) -> None:
        """Note that a call answers an exchange."""
        if call not in exchange.calls:
            exchange.calls.append(call)
            self.direct.add(call)
            self._began()

    def answered(self, exchange: Exchange) -> None:
        """Forget an exchange."""
        self.direct.difference_update(exchange.calls)

    def _start(self, arguments: Mapping[str, Any]) -> Exchange | None:
        for value in arguments.values():
            exchange = getattr(getattr(value, "_scope", None), "exchange", None)
            if isinstance(exchange, Exchange):
                running = current.get()
                if running is not None:
                    self.belongs(running, exchange)
                return exchange
        return None

    def _record(self) -> Record | None:
        running = current.get()
        return self._records.of(running.id) if running is not None else None

    def _keep(self, returned: Any) -> Any:
        record = self._record()
        if record is not None:
            record.returned = returned
        return returned

    def _note(self, error: BaseException, exchange: Exchange | None) -> None:
        record = self._record()
        if record is not None:
            record.error = error
        if exchange is not None:
            exchange.errors.append(error)


class FullRecorder(Recorder):
    """Tells of every invocation, at any rate, and whose exchange it is."""

    def __init__(self, channel: LogChannel, watch: Watch) -> None:
        super().__init__(channel)
        self._left = 1 << 60
        self._watch = watch

    def started(self, call: Call, reason: str, details: dict[str, str] | None = None) -> None:
        exchange = _serving.get()
        if exchange is not None:
            self._watch.belongs(call, exchange)
        super().started(call, reason, details)

    def tick(self) -> None: ...


class ExchangeFront(Front):
    """Has those know whose exchange it is who learn of a call by itself alone: web apps and
    streaming functions are not given the server's request."""

    async def _invoke(
        self, target: Target, scope: Any, proto: Any, params: Mapping[str, str]
    ) -> Any:
        _serving.set(scope.exchange)
        return await super()._invoke(target, scope, proto, params)
