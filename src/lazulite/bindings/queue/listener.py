"""Takes messages from one queue and sees each through to its end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from lazulite.abc import Clock, Executor, QueueMessage, QueueStore
from lazulite.bindings.queue.backoff import Backoff
from lazulite.bindings.queue.message import event_of
from lazulite.errors import Conflict, LazuliteError, NotFound, StoreError
from lazulite.model import Outcome, TriggerEvent

CATEGORY = "Host.Triggers.Queue"
POISON = "-poison"
# A stop waits this long for a receive that is on its way, so that none of its messages is lost
# to a lease that nobody holds.
RECEIVE_GRACE = 5.0
DELETE_ATTEMPTS = 5
# Receiving pauses while this many batches wait for their deletion.
UNDELETED_BATCHES = 8


@dataclass(frozen=True)
class QueueSpec:
    """One queue trigger. Times in seconds.

    batch: messages per receive; threshold: fetch again when no more than these run; lease: how
    long a message is hidden without renewal; retry_delay: how long one that failed is hidden.
    """

    function: str
    queue: str
    binary: bool
    batch: int
    threshold: int
    longest_poll: float
    lease: float
    retry_delay: float
    max_dequeue_count: int

    @property
    def poison_queue(self) -> str | None:
        """None for a queue that itself holds poison messages."""
        return None if self.queue.endswith(POISON) else self.queue + POISON


class _Flight:
    """A message on its way: leased, not yet done with."""

    __slots__ = ("message", "renew_at", "renewing")

    def __init__(self, message: QueueMessage, renew_at: float) -> None:
        self.message = message
        self.renew_at = renew_at
        self.renewing: asyncio.Task[None] | None = None


class QueueListener:
    """abc.Listener of a queue: at least once for every message, at most batch + threshold runs at
    a time. A message is deleted only after its function and its outputs succeeded."""

    def __init__(
        self,
        store: QueueStore,
        spec: QueueSpec,
        executor: Executor,
        clock: Clock,
        log: Callable[[str, str, str], None],
        rand: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._spec = spec
        self._executor = executor
        self._clock = clock
        self._log = log
        self._backoff = Backoff(spec.longest_poll, rand)
        self._stopping = asyncio.Event()
        self._room = asyncio.Event()
        self._flights: set[_Flight] = set()
        self._finished: list[QueueMessage] = []
        self._undeleted = 0
        self._alone = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._deleting: asyncio.Task[None] | None = None
        self._polling: asyncio.Task[None] | None = None
        self._renewing: asyncio.Task[None] | None = None
        self._complained = False

    async def start(self) -> None:
        self._polling = asyncio.create_task(self._poll())
        self._renewing = asyncio.create_task(self._renew())

    async def stop(self) -> None:
        self._stopping.set()
        self._room.set()
        try:
            if self._polling is not None:
                _, late = await asyncio.wait({self._polling}, timeout=RECEIVE_GRACE)
                for task in late:
                    task.cancel()
            while self._tasks:
                await asyncio.wait(set(self._tasks))
        finally:
            await self._give_up()

    async def _give_up(self) -> None:
        """End what still runs; its messages go back."""
        if self._renewing is not None:
            self._renewing.cancel()
        for task in list(self._tasks):
            if task is not self._deleting:
                task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=RECEIVE_GRACE)

    # receiving

    async def _poll(self) -> None:
        spec = self._spec
        arrived: asyncio.Future[None] | None = None
        while not self._stopping.is_set():
            if not self._has_room():
                self._room.clear()
                await self._room.wait()
                continue
            if arrived is None or arrived.done():
                arrived = asyncio.ensure_future(self._store.arrived(spec.queue))
            messages = await self._receive()
            if self._stopping.is_set():
                await asyncio.gather(*(self._release(message, 0.0) for message in messages))
            elif messages:
                self._backoff.reset()
                renew_at = self._now() + spec.lease / 2
                for message in messages:
                    self._launch(message, renew_at)
            else:
                await self._first_of(arrived, self._clock.sleep(self._backoff.next()))
        if arrived is not None:
            arrived.cancel()

    async def _receive(self) -> list[QueueMessage]:
        spec = self._spec
        try:
            messages = await self._store.receive(spec.queue, spec.batch, spec.lease)
        except NotFound:  # the trigger never creates its queue; somebody may
            messages = []
        except Exception as error:  # whatever it is, the next try may find it gone
            if not self._complained:
                self._complained = True
                why = _described(error)
                self._tell("Error", f"The listener for queue '{spec.queue}' keeps trying: {why}")
            return []
        if self._complained:
            self._complained = False
            # as a warning, so that who has seen the error sees its end
            self._tell("Warning", f"The queue '{spec.queue}' can be reached again.")
        return messages

    def _has_room(self) -> bool:
        spec = self._spec
        return (
            len(self._flights) <= spec.threshold
            and self._undeleted <= UNDELETED_BATCHES * spec.batch
        )

    async def _first_of(self, hint: asyncio.Future[None], pause: Awaitable[None]) -> None:
        """Return at a hint, after the pause, or when the listener stops."""
        slept = asyncio.ensure_future(pause)
        stopped = asyncio.ensure_future(self._stopping.wait())
        try:
            waiters: list[asyncio.Future[Any]] = [hint, slept, stopped]
            await asyncio.wait(waiters, return_when=asyncio.FIRST_COMPLETED)
        finally:
            slept.cancel()
            stopped.cancel()

    # one message

    def _launch(self, message: QueueMessage, renew_at: float) -> None:
        flight = _Flight(message, renew_at)
        self._flights.add(flight)
        self._in_background(self._handle(flight))

    def _in_background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _handle(self, flight: _Flight) -> None:
        spec = self._spec
        message = flight.message
        try:
            if message.problem is not None:
                await self._poison(flight, f"Message {message.id} is malformed: {message.problem}.")
            elif spec.poison_queue and message.dequeue_count > spec.max_dequeue_count:
                await self._poison(flight, self._too_often())
            else:
                event = event_of(spec.queue, message, binary=spec.binary)
                outcome = await self._execute(event)
                if flight.renewing is not None:
                    await flight.renewing
                if outcome.ok:
                    self._finish(flight.message)
                else:
                    await self._failed(flight, outcome)
        except asyncio.CancelledError:
            await self._release(flight.message, 0.0)
            raise
        finally:
            self._flights.discard(flight)
            if self._has_room():
                self._room.set()

    async def _execute(self, event: TriggerEvent) -> Outcome:
        outcome = await self._executor.execute(event)
        if not outcome.lost or self._stopping.is_set():
            return outcome
        # One of the messages that ran has killed the worker, and nobody knows which. Each is run
        # again by itself, so that it takes no other to the poison queue with it.
        async with self._alone:
            return await self._executor.execute(event)

    async def _failed(self, flight: _Flight, outcome: Outcome) -> None:
        spec = self._spec
        if outcome.unstarted or (outcome.lost and self._stopping.is_set()):
            await self._release(flight.message, 0.0)
        elif spec.poison_queue is None:
            pass  # left to its lease, so that it does not come back in a tight loop
        elif flight.message.dequeue_count >= spec.max_dequeue_count:
            await self._poison(flight, self._too_often())
        else:
            await self._release(flight.message, spec.retry_delay)

    def _too_often(self) -> str:
        return (
            f"Message has reached MaxDequeueCount of {self._spec.max_dequeue_count}. "
            f"Moving message to queue '{self._spec.poison_queue}'."
        )

    async def _poison(self, flight: _Flight, reason: str) -> None:
        queue = self._spec.poison_queue
        if queue is None:
            self._tell("Warning", f"{reason} It stays in queue '{self._spec.queue}'.")
            return
        self._tell("Warning", reason)
        try:
            await self._store.put(queue, [flight.message.body])
        except StoreError as error:
            self._tell(
                "Error",
                f"Message {flight.message.id} could not be moved to queue '{queue}' and will be "
                f"received again: {error}",
            )
        else:
            self._finish(flight.message)

    async def _release(self, message: QueueMessage, delay: float) -> None:
        """End a lease, so that the message is received again after `delay` seconds."""
        try:
            await self._store.update(self._spec.queue, message, delay)
        except (NotFound, Conflict):
            pass  # somebody else has it
        except StoreError as error:
            self._tell(
                "Warning",
                f"Message {message.id} comes back when its lease has ended, in up to "
                f"{self._spec.lease:g} s: {error}",
            )

    # deletion: what finished in one moment goes in one transaction

    def _finish(self, message: QueueMessage) -> None:
        self._finished.append(message)
        self._undeleted += 1
        if self._deleting is None:
            self._deleting = self._in_background(self._delete())

    async def _delete(self) -> None:
        while self._finished:
            messages, self._finished = self._finished, []
            await self._delete_all(messages)
            self._undeleted -= len(messages)
            if self._has_room():
                self._room.set()
        self._deleting = None

    async def _delete_all(self, messages: list[QueueMessage]) -> None:
        for attempt in range(1, DELETE_ATTEMPTS + 1):
            try:
                await self._store.delete(self._spec.queue, messages)
                return
            except Exception as error:
                if attempt == DELETE_ATTEMPTS:
                    self._tell(
                        "Error",
                        f"{len(messages)} processed messages of queue '{self._spec.queue}' could "
                        f"not be deleted and will be received again: {_described(error)}",
                    )
                else:
                    await self._clock.sleep(0.1 * 2**attempt)

    # leases

    async def _renew(self) -> None:
        """Extend the leases of messages whose function takes its time."""
        while True:
            await self._clock.sleep(self._spec.lease / 10)
            now = self._now()
            for flight in list(self._flights):
                if flight.renewing is None and flight.renew_at <= now:
                    flight.renewing = self._in_background(self._renew_one(flight))

    async def _renew_one(self, flight: _Flight) -> None:
        spec = self._spec
        started = self._now()
        try:
            flight.message = await self._store.update(spec.queue, flight.message, spec.lease)
            flight.renew_at = started + spec.lease / 2
        except (NotFound, Conflict) as error:
            flight.renew_at = float("inf")
            self._tell(
                "Warning",
                f"The lease of a message that '{spec.function}' works on was lost; it may be "
                f"processed again: {error}",
            )
        except StoreError:
            pass  # the next round tries again
        finally:
            flight.renewing = None

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _tell(self, level: str, text: str) -> None:
        self._log(level, CATEGORY, text)


def _described(error: Exception) -> str:
    return str(error) if isinstance(error, LazuliteError) else f"{type(error).__name__}: {error}"
