"""Keeps the workers: replaces those that die, hang or have done their share, changes their number
with the load, and hands over from one generation of the app to the next."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from lazulite.errors import LazuliteError, WorkerError
from lazulite.host.crashes import BackOff
from lazulite.host.exits import Exits
from lazulite.host.generation import Generation
from lazulite.host.journal import Journal
from lazulite.host.launch import Template, spawn
from lazulite.host.listening import PublicSockets
from lazulite.host.logstream import LogStream
from lazulite.host.nursery import DiedLoading, DiedServing, Nursery
from lazulite.host.permits import Permits
from lazulite.host.rescue import Rescue
from lazulite.host.scaling import Scaler
from lazulite.host.worker import Worker
from lazulite.model import Invocation, Outcome
from lazulite.wire.peer import CallHandler, RemoteFailure, WireClosed

LINGER = 2.0  # seconds that idle connections of a worker which leaves are kept open
PING = 1.0
TEMPLATE_START = 60.0
CATEGORY = "Host.Worker"


class Supervisor:
    """Call `start`, `switch` with each further generation, `stop` at the end.

    calls: what workers may ask of the host; permits: what ends with the worker that has it;
    changed: called whenever `available` or `problem` may have changed; buried: called after a
    worker died and its process is gone. problem: why no worker can be started now, or ''.
    """

    def __init__(
        self,
        generation: Generation,
        public: PublicSockets,
        logs: LogStream,
        journal: Journal,
        calls: Mapping[str, CallHandler],
        permits: Permits,
        changed: Callable[[], None],
        buried: Callable[[], None] = lambda: None,
    ) -> None:
        self._public = public
        self._logs = logs
        self._journal = journal
        self._permits = permits
        self._changed = changed
        self._buried = buried
        self._generation = generation
        self._rescue = Rescue()
        self._exits = Exits()
        self._nursery = Nursery(
            public, logs, calls, permits.returned, self._exits, self._lost, self._asked_to_leave
        )
        self._backoff = BackOff()
        self._scaler = Scaler()
        self._turn = 0
        self._starting: dict[int, set[int]] = {}
        self._target = 0
        self._stopping = False
        self._paused = False
        self._ready = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self.workers: list[Worker] = []
        self.problem = ""

    # what the host asks

    @property
    def available(self) -> bool:
        """Whether a worker serves."""
        return any(worker.ready for worker in self.workers)

    @property
    def template(self) -> Template:
        """The current one."""
        return self._generation.template

    async def start(self) -> None:
        """Return when the first worker serves; the others follow. When it dies instead, it is
        tried again and again, and `problem` says why. Raises LazuliteError for what the user must
        mend first."""
        generation = self._generation
        self._adopt(generation)
        self._in_background(self._watch_template(generation, generation.template))
        self._in_background(self._ping_all())
        delay = 0.0
        try:
            await self._add(generation, 0)
        except DiedServing as error:
            self._tell("Error", str(error))
        except DiedLoading as error:
            delay = self._backoff.after_failed_start()
            self._fail(str(error), delay, 0)
        self._fill(delay)

    async def switch(self, generation: Generation) -> None:
        """Have workers of a new generation take over.

        As many as always run are serving when this returns, so that no client waits for one that
        still loads; the old ones take no new work from then on and end what they have. Raises
        LazuliteError when none can load or it is refused: nothing has changed then.
        """
        await self._revive(generation)
        successors = await self._nursery.raise_all(generation, range(generation.limits.minimum))
        old = self._generation
        retired = [w for w in self.workers if w.generation is not generation]
        self._adopt(generation)
        for worker in successors:
            await self._join(worker)
        for worker in retired:
            worker.ready = False
        await asyncio.gather(*(worker.leave(hand_over=True) for worker in retired))
        for worker in retired:
            self._retire(worker, "")
        self._fill()
        if old.template is not generation.template:
            self._in_background(self._watch_template(generation, generation.template))
            self._in_background(self._close_template(old))

    async def pause(self) -> None:
        """Have all workers leave and start none, until `switch`; the app is offline."""
        self._paused = True
        for worker in list(self.workers):
            self._retire(worker, "")
        self._changed()

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Run on the next ready worker, in turn; wait while there is none."""
        while True:
            ready = [w for w in self.workers if w.ready]
            if self._stopping:
                return Outcome(invocation.id, error="the host is being stopped", unstarted=True)
            if ready:
                self._turn += 1
                return await ready[self._turn % len(ready)].invoke(invocation)
            async with self._ready:
                await self._ready.wait()

    def policy(self, body: Mapping[str, Any]) -> None:
        """Tell all workers of new keys."""
        for worker in self.workers:
            if worker.ready:
                worker.policy(body)

    async def drain(self, grace: float) -> None:
        """Have all workers end what runs, for at most `grace` seconds. `stop` comes next."""
        self._stopping = True
        async with self._ready:
            self._ready.notify_all()
        for task in list(self._tasks):
            task.cancel()
        workers = list(self.workers)
        await asyncio.gather(*(w.drain(grace) for w in workers), return_exceptions=True)
        late = sum(worker.open_invocations for worker in workers)
        if late:
            self._tell("Warning", f"{late} invocations did not end within {grace:g} s.")

    async def stop(self) -> None:
        """End the workers and the template."""
        workers = list(self.workers)
        for worker in workers:
            worker.stop()
        if workers:
            await asyncio.wait([worker.ended for worker in workers], timeout=2)
        self._rescue.stop()
        self._logs.catch_up()
        self._generation.template.close()

    # the number of workers

    def _adopt(self, generation: Generation) -> None:
        self._generation = generation
        self._target = generation.limits.minimum
        self._paused = False
        self.problem = ""

    def _fill(self, delay: float = 0.0) -> None:
        """Start the workers that are missing, after `delay` seconds."""
        starting = self._starting.setdefault(self._generation.number, set())
        taken = self._slots_taken()
        free = [slot for slot in range(self._target + len(taken)) if slot not in taken]
        for slot in free[: max(0, self._target - len(taken))]:
            starting.add(slot)
            self._in_background(self._refill(self._generation, delay, slot))

    def _slots_taken(self) -> set[int]:
        """Those of workers that stay or are being started."""
        there = {worker.slot for worker in self.workers if self._counts(worker)}
        return there | self._starting.get(self._generation.number, set())

    def _counts(self, worker: Worker) -> bool:
        return worker.generation is self._generation and not worker.draining

    async def _refill(self, generation: Generation, delay: float, slot: int) -> None:
        """Start one worker, however often it takes."""
        try:
            while not self._obsolete(generation):
                await asyncio.sleep(delay)
                if self._obsolete(generation):
                    return
                try:
                    await self._add(generation, slot)
                    return
                except DiedServing as error:
                    self._tell("Error", str(error))
                    delay = self._backoff.after_death(0.0)
                except LazuliteError as error:
                    delay = self._backoff.after_failed_start()
                    self._fail(f"{error}", delay, slot)
        finally:
            self._starting[generation.number].discard(slot)

    def _obsolete(self, generation: Generation) -> bool:
        return generation is not self._generation or self._stopping or self._paused

    def _fail(self, problem: str, delay: float, slot: int) -> None:
        if problem != self.problem:
            again = f" It is tried again after {delay:g} s, and when a file changes."
            self._tell("Error", f"A worker cannot be started: {problem}.{again}")
        self.problem = problem
        self._abandon_slot(slot)
        self._changed()

    def _abandon_slot(self, slot: int) -> None:
        """Let no client wait for a worker to come when others serve."""
        if self.available and not any(w.ready and w.slot == slot for w in self.workers):
            self._close_slot(slot)

    def _close_slot(self, slot: int) -> None:
        """Have the other workers get its connections, also those that wait in it."""
        self._rescue.take(self._public.close_slot(slot))

    # the life of one worker

    async def _add(self, generation: Generation, slot: int) -> None:
        await self._revive(generation)
        await self._join(await self._nursery.raise_one(generation, slot))

    async def _join(self, worker: Worker) -> None:
        self.workers.append(worker)
        if not worker.open:  # it died in the meantime
            self._lost(worker)
            return
        worker.ready = True
        self.problem = ""
        self._backoff.started()
        self._tell("Information", "Worker process started and initialized.", "Host.Startup")
        self._changed()
        async with self._ready:
            self._ready.notify_all()

    def _lost(self, worker: Worker) -> None:
        """The worker's wire is closed."""
        self._permits.gone(worker.number)
        if worker not in self.workers:
            return
        self.workers.remove(worker)
        if self._stopping:
            return
        if not worker.draining:
            self._in_background(self._bury(worker))
            self._abandon_slot(worker.slot)
            if worker.generation is self._generation and not self._paused:
                self._fill(self._backoff.after_death(time.monotonic() - worker.born))
        self._changed()

    async def _bury(self, worker: Worker) -> None:
        how = self._exits.describe(await worker.exit_code())
        self._logs.catch_up()  # its last words come before the news of its end
        self._tell("Error", f"The worker process {worker.pid} {how}.")
        self._buried()

    def _asked_to_leave(self, worker: Worker, reason: str) -> None:
        """A worker wants a successor."""
        if worker not in self.workers or worker.draining or self._stopping:
            return
        self._tell("Information", f"Worker process {worker.pid} is replaced: {reason}.")
        self._in_background(self._succeed(worker))

    async def _succeed(self, worker: Worker) -> None:
        """Start another worker, then let this one go."""
        while self._counts(worker):
            try:
                await self._add(worker.generation, worker.slot)
                break
            except LazuliteError as error:
                delay = self._backoff.after_failed_start()
                self._fail(str(error), delay, worker.slot)
                await asyncio.sleep(delay)
        self._retire(worker, "")

    def _retire(self, worker: Worker, reason: str) -> None:
        """Give a worker no new work, and end it when its work is done."""
        if worker.draining:
            return
        worker.draining = True
        worker.ready = False
        if reason:
            self._tell("Warning", f"Worker process {worker.pid} is replaced: {reason}.")
        self._in_background(self._see_off(worker))

    async def _see_off(self, worker: Worker) -> None:
        await worker.leave(hand_over=True)
        if worker.slot not in self._slots_taken() and not self._paused:
            self._close_slot(worker.slot)
        try:
            done = await worker.drain(worker.generation.timeout, linger=LINGER)
        except WorkerError:
            worker.kill()
            raise
        if not done and not worker.gone:
            self._tell("Error", f"Worker process {worker.pid} did not come to its end; killed.")
            worker.kill()
            return
        worker.stop()
        await asyncio.wait([worker.ended], timeout=5)
        worker.kill()

    # signs of life, and of load

    async def _ping_all(self) -> None:
        while True:
            await asyncio.sleep(PING)
            self._exits.sample()
            for worker in self.workers:
                if worker.ready and not worker.pinging:
                    worker.pinging = True
                    self._in_background(self._ping(worker))
            self._scale()

    async def _ping(self, worker: Worker) -> None:
        hang = worker.generation.limits.hang
        try:
            worker.vitals = await asyncio.wait_for(worker.ping(), hang)
        except asyncio.TimeoutError:
            if worker.ready:
                self._retire(
                    worker,
                    f"its event loop has been blocked for {hang:g} s. It is ended when its running "
                    "invocations have ended, or exceed functionTimeout",
                )
                self._fill()
                self._changed()
        except (WireClosed, RemoteFailure):
            pass
        finally:
            worker.pinging = False

    def _scale(self) -> None:
        limits = self._generation.limits
        if limits.maximum <= limits.minimum or self._paused:
            return
        number = self._generation.number
        ready = [w for w in self.workers if w.ready and self._counts(w)]
        vitals = [w.vitals for w in ready if w.vitals is not None]
        wish = self._scaler.wish(vitals, time.monotonic())
        if wish > 0 and not self._starting[number] and len(ready) < limits.maximum:
            self._target = len(ready) + 1
            self._tell("Information", f"The load is high: {self._target} workers from now on.")
            self._fill()
        elif wish < 0 and len(ready) > limits.minimum:
            self._target = len(ready) - 1
            self._tell("Information", f"The load is low: {self._target} workers from now on.")
            self._retire(max(ready, key=lambda w: w.slot), "")

    # the template

    async def _revive(self, generation: Generation) -> None:
        """Return with a template that can fork."""
        if not generation.template.alive:
            generation.template = Template(*spawn(generation.launch))
            self._in_background(self._watch_template(generation, generation.template))
        await generation.template.ready(TEMPLATE_START)

    async def _watch_template(self, generation: Generation, template: Template) -> None:
        await template.gone
        if self._stopping or generation is not self._generation:
            return
        done, _ = await asyncio.wait([template.code], timeout=1)
        how = self._exits.describe(template.code.result() if done else None)
        self._tell("Error", f"The template process {template.pid} {how}; it is started again.")
        if generation.template is template:
            try:
                await self._revive(generation)
            except WorkerError as error:
                self._fail(str(error), 0, 0)

    async def _close_template(self, generation: Generation) -> None:
        """End a generation's template when its last worker has ended: it tells how they do."""
        left = [w.ended for w in self.workers if w.generation is generation]
        if left:
            await asyncio.wait(left)
        generation.template.close()

    # odds and ends

    def _tell(self, level: str, text: str, category: str = CATEGORY) -> None:
        self._journal.host(level, category, text)

    def _in_background(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: Any) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._tell("Error", str(task.exception()))
