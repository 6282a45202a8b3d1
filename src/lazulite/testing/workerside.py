"""The worker's parts of an app in process: what lazulite.worker.main puts together around a wire
and a server, here without them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from lazulite.model import FunctionSpec, spec_from_wire
from lazulite.testing.failures import overdue
from lazulite.testing.isolation import Isolation
from lazulite.testing.local import (
    EndingPool,
    ExchangeFront,
    FullRecorder,
    LocalPeer,
    LocalWorkers,
    MemoryChannel,
    Watch,
)
from lazulite.testing.records import Records
from lazulite.testing.request import Request
from lazulite.testing.response import Response
from lazulite.testing.rsgi import Exchange
from lazulite.wire.peer import CallHandler, NoticeHandler
from lazulite.worker import logs, propagate
from lazulite.worker.app import LoadedApp
from lazulite.worker.http import Front
from lazulite.worker.invoker import Invoker
from lazulite.worker.policy import policy_from_wire
from lazulite.worker.pool import default_size
from lazulite.worker.runtime import Runtime
from lazulite.worker.serving import front_of


class WorkerSide:
    """calls: what the host answers; released: takes permits back; began: called on any thread when
    a function begins; sleep: between the attempts of a retry policy."""

    def __init__(
        self,
        records: Records,
        calls: Mapping[str, CallHandler],
        released: NoticeHandler,
        began: Callable[[], None],
        sleep: Callable[[float], Any],
    ) -> None:
        self._records = records
        self._loop = asyncio.get_running_loop()
        self._channel = MemoryChannel(records)
        self._peer = LocalPeer(calls, released, records)
        self._watch = Watch(records, began)
        self._sleep = sleep
        self._app: LoadedApp
        self._pool: EndingPool | None = None
        self._runtime: Runtime
        self._front: Front | None = None
        self.workers: LocalWorkers

    def load(self, body: Mapping[str, Any], isolation: Isolation) -> Mapping[str, Any]:
        """Import the app; what was found."""
        isolation.settings(body["environ"])
        isolation.place(body["search"])
        debug = body["environ"].get("PYTHON_ENABLE_DEBUG_LOGGING")
        logs.install(self._channel, body["log_level"], debug)
        propagate.install_for_threads()
        folders = [spec_from_wire(raw) for raw in body["folders"]]
        self._app = LoadedApp(body["root"], body["script"], folders)
        return self._app.report()

    def serve(self, body: Mapping[str, Any]) -> Mapping[str, FunctionSpec]:
        """Take the host's final word on the functions; they, with errors that only show here."""
        specs, bound = self._app.bind(body["functions"], body["spool"])
        self._pool = EndingPool(body["threads"] or default_size())
        self._runtime = Runtime(
            self._loop,
            self._pool,
            FullRecorder(self._channel, self._watch),
            self._peer,
            body["spool"],
            body["development"],
            sleep=self._sleep,
        )
        self._pool.start()
        self.workers = LocalWorkers(self._peer, Invoker(self._runtime, bound), self._records)
        self._front = front_of(body, specs, bound, self._runtime, self._peer, ExchangeFront)
        # after the front is made, which looks at functions to find the web apps behind them
        for function in bound.values():
            self._watch.attach(function)
        self._front.start()
        return specs

    def policy(self, body: Mapping[str, Any]) -> None:
        """Keys or headers changed."""
        assert self._front is not None
        self._front.replace_policy(policy_from_wire(body))

    @property
    def busy(self) -> bool:
        """Whether functions run, other requests of the test itself not counted."""
        direct = self._watch.direct
        return any(call not in direct for call, _ in self._runtime.oldest())

    async def send(
        self, request: Request, patience: float
    ) -> tuple[Response, BaseException | None]:
        """The answer to a request, and what a function raised instead of one. Raises
        FunctionTimeout when there is none after so many seconds."""
        exchange = Exchange(request, self._loop)
        assert self._front is not None
        self._front.schedule(exchange)
        alarm = self._loop.call_later(patience, exchange.give_up)
        try:
            await exchange.answered()
        finally:
            alarm.cancel()
            self._watch.answered(exchange)
        if exchange.given_up:
            raise overdue(f"{request.method} {request.url} was not answered", patience)
        response = exchange.response()
        if response is None:
            error = exchange.errors[-1] if exchange.errors else None
            raise ConnectionError(
                f"{request.method} {request.url}: the connection was closed without an answer"
            ) from error
        if 400 <= response.status_code < 500:  # the client's fault, not the function's
            return response, None
        errors = [*exchange.errors, *self._failures(exchange)]
        return response, errors[0] if errors else None

    def _failures(self, exchange: Exchange) -> list[BaseException]:
        """What went wrong outside of watched functions: in web apps, in the middle of a streamed
        answer, in outputs."""
        records = (self._records.last(call.id) for call in exchange.calls)
        return [r.error for r in records if r is not None and r.error is not None]

    async def stop(self) -> None:
        """Have web apps shut down, and the threads end."""
        if self._front is not None:
            await self._front.stop()
        if self._pool is not None:
            self._pool.stop()
