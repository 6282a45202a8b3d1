"""Where workers come from: forked from the template, they load the app and open their doors."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from itertools import count

from lazulite.errors import LazuliteError, WorkerError
from lazulite.host.exits import Exits
from lazulite.host.generation import Generation
from lazulite.host.listening import PublicSockets
from lazulite.host.logstream import LogStream
from lazulite.host.worker import Worker
from lazulite.wire.peer import CallHandler, NoticeHandler, RemoteFailure, WireClosed


class DiedLoading(WorkerError):
    """The worker ended before it served: user code did that."""


class DiedServing(WorkerError):
    """The worker had opened its doors, and ended before it could say so: a request did that."""


class Nursery:
    """calls, released: what workers may ask of the host, and the notice that a permit is free;
    lost, retire: see Worker.connect."""

    def __init__(
        self,
        public: PublicSockets,
        logs: LogStream,
        calls: Mapping[str, CallHandler],
        released: NoticeHandler,
        exits: Exits,
        lost: Callable[[Worker], None],
        retire: Callable[[Worker, str], None],
    ) -> None:
        self._public = public
        self._logs = logs
        self._calls = calls
        self._released = released
        self._exits = exits
        self._lost = lost
        self._retire = retire
        self._numbers = count(1)

    async def raise_all(self, generation: Generation, slots: Iterable[int]) -> list[Worker]:
        """A worker for each slot, or fewer where some die. Raises LazuliteError when there would be
        none."""
        starting = [asyncio.ensure_future(self.raise_one(generation, slot)) for slot in slots]
        try:
            await asyncio.wait(starting)
        except asyncio.CancelledError:
            for task in starting:
                task.cancel()
            raise
        errors = [task.exception() for task in starting]
        if all(errors):
            raise next(filter(None, errors))
        return [t.result() for t, error in zip(starting, errors, strict=True) if error is None]

    async def raise_one(self, generation: Generation, slot: int) -> Worker:
        """A worker that has loaded the app and serves. Raises LazuliteError when it dies, when it
        cannot load the app, or when what it loaded is refused."""
        codes: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def exited(code: int) -> None:
            if not codes.done():
                codes.set_result(code)

        ends = await generation.template.fork(self._public.slot(slot), exited)
        worker = Worker(next(self._numbers), slot, generation, ends, self._logs, codes)
        await worker.connect(self._calls, self._released, self._lost, self._retire)
        try:
            await self._bring_up(worker, generation)
        except LazuliteError:
            worker.kill()
            await worker.exit_code()  # it has the listening sockets until then
            raise
        except BaseException:
            worker.kill()
            raise
        return worker

    async def _bring_up(self, worker: Worker, generation: Generation) -> None:
        loaded = False
        try:
            report = await worker.load(generation.load)
            loaded = True
            await worker.serve({**await generation.settle(report), "worker": worker.number})
        except WireClosed as error:
            how = self._exits.describe(await worker.exit_code())
            if loaded:
                raise DiedServing(f"The worker process {worker.pid} {how}.") from error
            raise DiedLoading(f"the worker {how} while it loaded the app") from error
        except RemoteFailure as error:
            raise WorkerError(f"the worker could not load the app: {error}") from error
