"""Keeps the workers: forks them, has them load and serve, replaces those that die."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from lazulite.errors import WorkerError
from lazulite.host.journal import Journal
from lazulite.host.launch import Template
from lazulite.host.logstream import LogStream
from lazulite.host.worker import Worker
from lazulite.model import Invocation, Outcome
from lazulite.wire.peer import CallHandler, WireClosed

Settle = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]
BACKOFF = (0.0, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0)


class Supervisor:
    """`count` workers over one template.

    settle: makes the `serve` message of what a worker reports it loaded. load: makes the `load`
    message. calls: what workers may ask of the host.
    """

    def __init__(
        self,
        template: Template,
        listeners: Sequence[int],
        count: int,
        logs: LogStream,
        journal: Journal,
        calls: Mapping[str, CallHandler],
        load: Callable[[], Mapping[str, Any]],
        settle: Settle,
    ) -> None:
        self._template = template
        self._listeners = listeners
        self._count = count
        self._logs = logs
        self._journal = journal
        self._calls = calls
        self._load = load
        self._settle = settle
        self._numbers = 0
        self._turn = 0
        self._crashes = 0
        self._stopping = False
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self.workers: list[Worker] = []

    async def start(self) -> None:
        """Return when the first worker serves; the others follow. Raises WorkerError."""
        await self._add()
        for _ in range(1, self._count):
            self._in_background(self._add())

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Run on the next ready worker, in turn; wait while there is none."""
        while True:
            ready = [w for w in self.workers if w.ready]
            if ready:
                self._turn += 1
                return await ready[self._turn % len(ready)].invoke(invocation)
            async with self._changed:
                await self._changed.wait()

    def policy(self, body: Mapping[str, Any]) -> None:
        """Tell all workers of new keys."""
        for worker in self.workers:
            if worker.ready:
                worker.policy(body)

    async def stop(self, grace: float) -> None:
        """Drain all workers, then end them and the template."""
        self._stopping = True
        for task in list(self._tasks):
            task.cancel()
        workers = list(self.workers)
        await asyncio.gather(*(worker.drain(grace) for worker in workers))
        for worker in workers:
            worker.stop()
        if workers:
            await asyncio.wait([worker.ended for worker in workers], timeout=2)
        self._logs.catch_up()
        self._template.close()

    async def _add(self) -> Worker:
        self._numbers += 1
        worker: Worker | None = None

        def exited(code: int) -> None:
            if worker is not None:
                self._ended(worker, code)

        ends = await self._template.fork(self._listeners, exited)
        worker = Worker(self._numbers, ends, self._logs)
        await worker.connect(self._calls, self._lost)
        try:
            report = await worker.load(self._load())
            await worker.serve({**await self._settle(report), "worker": worker.number})
        except WireClosed as error:
            raise WorkerError("the worker ended while it loaded the app") from error
        self.workers.append(worker)
        self._journal.host("Information", "Host.Startup", "Worker process started and initialized.")
        async with self._changed:
            self._changed.notify_all()
        return worker

    def _lost(self, worker: Worker) -> None:
        if worker in self.workers:
            self.workers.remove(worker)

    def _ended(self, worker: Worker, code: int) -> None:
        worker.exit_code = code
        self._logs.catch_up()  # its last words come before the news of its end
        if self._stopping or worker.draining:
            return
        self._journal.host(
            "Error", "Host.Worker", f"The worker process {worker.pid} {describe_exit(code)}."
        )
        delay = BACKOFF[min(self._crashes, len(BACKOFF) - 1)]
        self._crashes += 1
        self._in_background(self._replace(delay))

    async def _replace(self, delay: float) -> None:
        await asyncio.sleep(delay)
        await self._add()
        self._crashes = 0

    def _in_background(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._journal.host("Error", "Host.Worker", str(task.exception()))


def describe_exit(code: int) -> str:
    """How a process ended, in words."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    if name == "SIGKILL":
        return "was killed (SIGKILL); if nobody did that, the machine ran out of memory"
    return f"was ended by {name}"
