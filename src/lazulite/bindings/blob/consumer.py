"""Takes messages from the work queue, some at a time, and keeps them while they are handled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from lazulite.abc import Clock, QueueMessage, QueueStore
from lazulite.errors import LazuliteError, NotFound, StoreError

# Short, and renewed often: when a host dies, others have its blobs after a minute. The original
# takes ten.
VISIBILITY = 60.0
RENEWAL = 20.0
TROUBLE_PAUSE = 5.0
DELETE_ATTEMPTS = 4
_FIRST_PAUSE = 0.1
_LARGEST_BATCH = 32

Log = Callable[[str, str, str], None]
Verdict = float | None
DONE: Verdict = None
CATEGORY = "Host.Triggers.Blob"


class Consumer:
    """Competing consumer of one queue.

    concurrency: messages handled at a time; handle: returns DONE when the message is to be deleted,
    or the seconds after which it is to come again; so it does, after a pause, when it raises.
    longest_pause: seconds between looks at an empty queue, when nothing wakes the consumer.
    """

    def __init__(
        self,
        queues: QueueStore,
        queue: str,
        concurrency: int,
        longest_pause: float,
        handle: Callable[[QueueMessage], Awaitable[Verdict]],
        clock: Clock,
        log: Log,
    ) -> None:
        self._queues = queues
        self._queue = queue
        self._batch = min(_LARGEST_BATCH, concurrency // 2 + 1, concurrency)
        self._threshold = concurrency - self._batch
        self._longest_pause = longest_pause
        self._handle = handle
        self._clock = clock
        self._log = log
        self._running: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None
        self._complained = False

    def start(self) -> None:
        self._loop = asyncio.create_task(self._take())

    async def stop(self) -> None:
        """Take no more; return when what was taken has ended. Cancelled, it gives that back."""
        self._stopping.set()
        try:
            if self._loop is not None:
                await self._loop
            if self._running:
                await asyncio.wait(set(self._running))
        except asyncio.CancelledError:
            for task in (self._loop, *self._running):
                if task is not None:
                    task.cancel()
            if self._running:
                await asyncio.wait(set(self._running))
            raise

    async def _take(self) -> None:
        idle = 0
        while not self._stopping.is_set():
            if len(self._running) > self._threshold:
                await self._first(asyncio.wait(self._running, return_when="FIRST_COMPLETED"))
                continue
            arrived = asyncio.ensure_future(self._queues.arrived(self._queue))
            try:
                messages = await self._queues.receive(self._queue, self._batch, VISIBILITY)
                self._at_ease()
            except NotFound:
                messages = []
            except Exception as error:
                self._complain(str(error) if isinstance(error, LazuliteError) else repr(error))
                messages = []
            for message in messages:
                task = asyncio.create_task(self._one(message))
                self._running.add(task)
                task.add_done_callback(self._running.discard)
            if messages:
                idle = 0
            else:
                pause = min(_FIRST_PAUSE * 2**idle, self._longest_pause)
                idle = min(idle + 1, 16)
                await self._first(_done(arrived), self._clock.sleep(pause))
            arrived.cancel()

    async def _first(self, *what: Coroutine[Any, Any, Any]) -> None:
        """Wait for the first of these, or for `stop`."""
        tasks = [asyncio.ensure_future(one) for one in (*what, self._stopping.wait())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()

    async def _one(self, message: QueueMessage) -> None:
        lease = _Lease(self._queues, self._queue, message)
        keeping = asyncio.create_task(lease.keep(self._clock))
        verdict: Verdict = TROUBLE_PAUSE
        try:
            verdict = await self._handle(message)
        except asyncio.CancelledError:
            keeping.cancel()
            await lease.give_back(0)
            raise
        except LazuliteError as error:
            text = f"A message of the queue '{self._queue}' is put back for a while: {error}"
            self._log("Warning", CATEGORY, text)
        except Exception as error:
            text = f"A message of the queue '{self._queue}' could not be handled: {error!r}"
            self._log("Error", CATEGORY, text)
        keeping.cancel()
        await asyncio.wait({keeping})
        if verdict is None:
            await lease.end(self._clock)
        else:
            await lease.give_back(verdict)

    def _complain(self, error: str) -> None:
        if not self._complained:
            self._complained = True
            text = f"The queue '{self._queue}' cannot be served now; it is tried again: {error}"
            self._log("Warning", CATEGORY, text)

    def _at_ease(self) -> None:
        if self._complained:
            self._complained = False
            self._log("Information", CATEGORY, f"The queue '{self._queue}' can be reached again.")


class _Lease:
    """The hold on one message, whose receipt changes with each renewal."""

    def __init__(self, queues: QueueStore, queue: str, message: QueueMessage) -> None:
        self._queues = queues
        self._queue = queue
        self._message = message
        self._renewing: asyncio.Future[bool] | None = None

    async def keep(self, clock: Clock) -> None:
        """Renew for as long as it runs or the lease lives."""
        while True:
            await clock.sleep(RENEWAL)
            # shielded: a renewal that was sent must leave its new receipt here
            self._renewing = asyncio.ensure_future(self._renew())
            if not await asyncio.shield(self._renewing):
                return

    async def _renew(self) -> bool:
        try:
            self._message = await self._queues.update(self._queue, self._message, VISIBILITY)
        except StoreError as error:
            return not isinstance(error, NotFound)
        return True

    async def end(self, clock: Clock) -> None:
        """Delete the message. If that fails for good its function will run again."""
        await self._settled()
        for attempt in range(DELETE_ATTEMPTS):
            try:
                await self._queues.delete(self._queue, [self._message])
                return
            except StoreError:
                await clock.sleep(min(2.0**attempt, VISIBILITY - RENEWAL))

    async def give_back(self, seconds: float) -> None:
        await self._settled()
        try:
            await self._queues.update(self._queue, self._message, seconds)
        except StoreError:
            pass

    async def _settled(self) -> None:
        if self._renewing is not None:
            await asyncio.wait({self._renewing})


async def _done(future: asyncio.Future[None]) -> None:
    await asyncio.wait({future})
