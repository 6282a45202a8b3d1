from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from lazulite.abc import Account, Listener, QueueMessage, QueueStore
from lazulite.bindings.queue.trigger import QueueTrigger
from lazulite.errors import BindingError, ConfigError, StoreUnavailable
from lazulite.model import BindingSpec, FunctionSpec, TriggerEvent
from tests.bindings.context import LOST, Lines, Recorded, embedded, gate, make_context, settle
from tests.clock import FakeClock, eventually

FUNCTION = FunctionSpec("work", "/app", "/app/function_app.py", "work", ())
QUEUE = "jobs"


def binding(name: str = QUEUE, data_type: str | None = None) -> BindingSpec:
    return BindingSpec("m", "queueTrigger", "in", data_type, {"queueName": name})


class Bench:
    def __init__(self, account: Account, clock: FakeClock, stack: AsyncExitStack) -> None:
        self.account = account
        self.queues = account.queues
        self.clock = clock
        self.log = Lines()
        self._stack = stack

    async def start(
        self, executor: Recorded, spec: BindingSpec | None = None, **options: Any
    ) -> Listener:
        account = replace(self.account, queues=self.queues)
        context = make_context(account, self.clock, self.log, options=options)
        kind = QueueTrigger(context)
        spec = spec or binding()
        kind.validate(FUNCTION, spec)
        listener = kind.listener(FUNCTION, spec, executor)
        await listener.start()
        self._stack.push_async_callback(listener.stop)
        return listener

    async def put(self, *bodies: bytes, queue: str = QUEUE) -> None:
        await self.queues.put(queue, bodies)

    async def length(self, queue: str = QUEUE) -> int:
        return await self.account.queue_admin.length(queue)

    async def empty(self, queue: str = QUEUE) -> None:
        while await self.length(queue):
            await asyncio.sleep(0.001)

    async def visible(self, queue: str = QUEUE) -> list[bytes]:
        return [message.body for message in await self.account.queue_admin.peek(queue, 32)]


def run(tmp_path: Path, body: Callable[[Bench], Awaitable[None]]) -> None:
    async def main() -> None:
        clock = FakeClock()
        async with embedded(tmp_path, clock) as account, AsyncExitStack() as stack:
            await body(Bench(account, clock, stack))

    asyncio.run(main())


async def fails(event: TriggerEvent) -> str | None:
    return "it failed"


def test_each_message_is_run_and_deleted(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        await bench.put(b"one", b"two")
        executor = Recorded()
        await bench.start(executor)
        await eventually(lambda: executor.ended == 2)
        await bench.empty()
        assert [event.value.value for event in executor.events] == ["one", "two"]
        event = executor.events[0]
        assert event.reason == "New queue message detected on 'jobs'."
        assert event.details["DequeueCount"] == "1"
        assert event.details["MessageId"] == event.metadata["Id"]
        assert event.metadata["QueueTrigger"] == "one"
        assert event.metadata["InsertionTime"] == "2030-01-01T00:00:00+00:00"
        assert event.metadata["ExpirationTime"] == "2030-01-08T00:00:00+00:00"

    run(tmp_path, body)


def test_binary_messages_stay_bytes(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        await bench.put(b"text", queue="binary")
        await bench.put(b"\xff\xfe")
        wants_bytes, wants_text = Recorded(), Recorded()
        await bench.start(wants_bytes, binding("binary", "binary"))
        await bench.start(wants_text)
        await eventually(lambda: wants_bytes.ended and wants_text.ended)
        assert wants_bytes.events[0].value.value == b"text"
        assert wants_text.events[0].value.value == b"\xff\xfe"
        assert "QueueTrigger" not in wants_text.events[0].metadata

    run(tmp_path, body)


def test_a_new_message_starts_at_once_even_in_a_queue_that_was_absent(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        executor = Recorded()
        await bench.start(executor)
        for number in range(1, 4):
            await eventually(lambda: bench.clock.pauses)
            await bench.put(b"x")
            await eventually(_ended(executor, number))

    run(tmp_path, body)


def test_without_a_hint_the_back_off_finds_it(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        executor = Recorded()
        await bench.queues.put(QUEUE, [b"later"], delay=1.0)
        await bench.start(executor, maxPollingInterval="00:00:01")
        while not executor.ended:
            await eventually(lambda: executor.ended or _polls_soon(bench.clock))
            await bench.clock.advance(0.1)
        assert bench.clock.now().timestamp() % 60 < 5

    run(tmp_path, body)


def _ended(executor: Recorded, count: int) -> Callable[[], bool]:
    return lambda: executor.ended == count


def _polls_soon(clock: FakeClock) -> bool:
    return any(pause <= 1.0 for pause in clock.pauses)


def test_no_more_run_than_batch_and_threshold_together(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        opened, answer = gate()
        executor = Recorded(answer)
        await bench.put(*[b"x"] * 40)
        await bench.start(executor, batchSize=4, newBatchThreshold=3)
        await eventually(lambda: executor.running == 4)
        await settle(bench.account)
        assert executor.running == 4
        opened.set()
        await bench.empty()
        assert executor.ended == 40
        assert executor.most <= 7

    run(tmp_path, body)


def test_a_message_that_always_fails_goes_to_the_poison_queue(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        executor = Recorded(fails)
        await bench.put(b"bad")
        await bench.start(executor, maxDequeueCount=3)
        await bench.empty()
        assert [event.metadata["DequeueCount"] for event in executor.events] == [1, 2, 3]
        assert await bench.visible("jobs-poison") == [b"bad"]
        assert bench.log.having("MaxDequeueCount") == [
            "Message has reached MaxDequeueCount of 3. Moving message to queue 'jobs-poison'."
        ]

    run(tmp_path, body)


def test_a_failed_message_waits_for_the_visibility_timeout(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        executor = Recorded(fails)
        await bench.put(b"bad")
        await bench.start(executor, visibilityTimeout="00:00:05", maxPollingInterval="00:00:01")
        await eventually(lambda: executor.ended == 1 and bench.clock.pauses)
        while executor.ended == 1:
            await eventually(lambda: executor.ended > 1 or _polls_soon(bench.clock))
            await bench.clock.advance(0.5)
        assert 5 <= bench.clock.now().timestamp() % 60 <= 8

    run(tmp_path, body)


def test_a_message_over_the_limit_is_not_run_again(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        await bench.put(b"tired")
        for _ in range(2):
            (message,) = await bench.queues.receive(QUEUE, 1, 10)
            await bench.queues.update(QUEUE, message, 0)
        executor = Recorded()
        await bench.start(executor, maxDequeueCount=2)
        await bench.empty()
        assert executor.events == []
        assert await bench.visible("jobs-poison") == [b"tired"]

    run(tmp_path, body)


def test_a_poison_queue_has_no_poison_queue(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        executor = Recorded(fails)
        await bench.put(b"bad", queue="jobs-poison")
        await bench.start(executor, binding("jobs-poison"), maxDequeueCount=1)
        await eventually(lambda: executor.ended == 1)
        await eventually(lambda: bench.clock.pauses)
        assert await bench.account.queue_admin.queues() == ["jobs-poison"]
        assert await bench.length("jobs-poison") == 1
        assert await bench.visible("jobs-poison") == []

    run(tmp_path, body)


def test_a_lease_is_renewed_while_the_function_runs(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        opened, answer = gate()
        executor = Recorded(answer)
        await bench.put(b"slow")
        await bench.start(executor, leaseTime="00:00:10")
        await eventually(lambda: executor.running)
        for _ in range(60):
            await bench.clock.advance(0.5)
            await settle(bench.account)
        assert await bench.queues.receive(QUEUE, 1, 10) == []
        assert executor.running == 1
        opened.set()
        await bench.empty()
        assert len(executor.events) == 1
        assert not bench.log.lines

    run(tmp_path, body)


def test_a_stop_waits_for_what_runs_and_takes_no_more(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        opened, answer = gate()
        executor = Recorded(answer)
        await bench.put(*[b"x"] * 5)
        listener = await bench.start(executor, batchSize=2, newBatchThreshold=0)
        await eventually(lambda: executor.running == 2)
        stopping = asyncio.ensure_future(listener.stop())
        await asyncio.sleep(0)
        assert not stopping.done()
        opened.set()
        await stopping
        assert executor.ended == 2
        assert await bench.length() == 3
        assert await bench.visible() == [b"x"] * 3

    run(tmp_path, body)


def test_a_stop_that_cannot_wait_gives_messages_back(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        _, answer = gate()
        executor = Recorded(answer)
        await bench.put(b"a", b"b")
        listener = await bench.start(executor)
        await eventually(lambda: executor.running == 2)
        stopping = asyncio.ensure_future(listener.stop())
        await asyncio.sleep(0)
        stopping.cancel()
        await asyncio.wait({stopping})
        assert sorted(await bench.visible()) == [b"a", b"b"]

    run(tmp_path, body)


def test_a_message_that_never_started_is_given_back(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        executor = Recorded(unstarted=1)
        await bench.put(b"a")
        await bench.start(executor, maxDequeueCount=2)
        await bench.empty()
        assert len(executor.events) == 2
        assert await bench.account.queue_admin.queues() == ["jobs"]

    run(tmp_path, body)


def test_a_message_that_kills_the_worker_takes_no_other_with_it(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        workers: list[asyncio.Event] = [asyncio.Event()]

        async def answer(event: TriggerEvent) -> str | None:
            worker = workers[-1]
            if event.value.value == "killer":
                await asyncio.sleep(0)
                workers.append(asyncio.Event())
                worker.set()
                return LOST
            try:
                await asyncio.wait_for(worker.wait(), 0.01)
            except asyncio.TimeoutError:
                return None
            return LOST

        executor = Recorded(answer)
        await bench.put(b"killer", *[b"good"] * 15)
        await bench.start(executor, maxDequeueCount=2)
        await bench.empty()
        assert await bench.visible("jobs-poison") == [b"killer"]
        killers = [e for e in executor.events if e.value.value == "killer"]
        assert [e.metadata["DequeueCount"] for e in killers] == [1, 1, 2, 2]

    run(tmp_path, body)


@dataclass
class Held:
    """A store whose receives wait for a gate, or fail, or find malformed messages."""

    store: QueueStore
    gate: asyncio.Event | None = None
    failures: int = 0
    problem: str | None = None
    delete_failures: int = 0

    async def receive(self, queue: str, count: int, visibility: float) -> list[QueueMessage]:
        if self.failures:
            self.failures -= 1
            raise StoreUnavailable("nobody answers")
        messages = await self.store.receive(queue, count, visibility)
        if messages and self.gate is not None:
            await self.gate.wait()
        return [replace(message, problem=self.problem) for message in messages]

    async def put(self, queue: str, bodies: Sequence[bytes], **more: Any) -> None:
        await self.store.put(queue, bodies, **more)

    async def delete(self, queue: str, messages: Sequence[QueueMessage]) -> None:
        if self.delete_failures:
            self.delete_failures -= 1
            raise StoreUnavailable("nobody answers")
        await self.store.delete(queue, messages)

    async def update(self, queue: str, message: QueueMessage, visibility: float) -> QueueMessage:
        return await self.store.update(queue, message, visibility)

    def arrived(self, queue: str) -> Awaitable[None]:
        return self.store.arrived(queue)


def test_a_stop_returns_messages_that_were_received_meanwhile(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        held = bench.queues = Held(bench.account.queues, asyncio.Event())
        await bench.put(b"a")
        executor = Recorded()
        listener = await bench.start(executor)
        while await bench.visible():
            await asyncio.sleep(0.001)
        stopping = asyncio.ensure_future(listener.stop())
        await asyncio.sleep(0)
        assert held.gate is not None
        held.gate.set()
        await stopping
        assert executor.events == []
        assert await bench.visible() == [b"a"]

    run(tmp_path, body)


def test_a_store_that_is_away_is_asked_again_and_told_of_once(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        bench.queues = Held(bench.account.queues, failures=4)
        await bench.put(b"a")
        executor = Recorded()
        await bench.start(executor)
        while not executor.ended:
            await bench.clock.advance(0.5)
            await settle(bench.account)
        assert len(bench.log.having("'jobs' keeps trying: nobody answers")) == 1
        assert len(bench.log.having("can be reached again")) == 1

    run(tmp_path, body)


def test_a_malformed_message_goes_to_the_poison_queue_without_a_run(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        bench.queues = Held(bench.account.queues, problem="it is not base64 text")
        await bench.put(b"???")
        executor = Recorded()
        await bench.start(executor)
        await bench.empty()
        assert executor.events == []
        assert await bench.visible("jobs-poison") == [b"???"]
        assert bench.log.having("is malformed: it is not base64 text")

    run(tmp_path, body)


def test_two_hosts_share_the_messages(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        executors = [Recorded(), Recorded()]
        for executor in executors:
            await bench.start(executor)
        numbers = [str(n).encode() for n in range(300)]
        for start in range(0, 300, 10):
            await bench.put(*numbers[start : start + 10])
        await bench.empty()
        seen = [e.value.value.encode() for e in itertools.chain(*(x.events for x in executors))]
        assert sorted(seen) == sorted(numbers)

    run(tmp_path, body)


def test_a_run_by_hand_is_a_message_of_its_own(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        kind = QueueTrigger(make_context(bench.account, bench.clock))
        event = await kind.manual(FUNCTION, binding(), "by hand")
        assert event.value.value == "by hand"
        assert event.metadata["QueueTrigger"] == "by hand"
        assert event.reason == "This function was programmatically called via the host APIs."

    run(tmp_path, body)


def test_what_cannot_be_a_queue_trigger_is_refused(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        kind = QueueTrigger(make_context(bench.account, bench.clock))
        with pytest.raises(BindingError, match="needs 'queueName'"):
            kind.validate(FUNCTION, BindingSpec("m", "queueTrigger"))
        for member, value in (("batchSize", 33), ("maxDequeueCount", 0), ("messageEncoding", "x")):
            context = make_context(bench.account, bench.clock, options={member: value})
            with pytest.raises(ConfigError, match=f"{member}' must be"):
                QueueTrigger(context)

    run(tmp_path, body)


def test_a_deletion_that_fails_is_tried_again(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        bench.queues = Held(bench.account.queues, delete_failures=2)
        await bench.put(b"a", b"b")
        executor = Recorded()
        await bench.start(executor)
        while await bench.length():
            await bench.clock.advance(0.1)
            await settle(bench.account)
        assert len(executor.events) == 2
        assert bench.log.lines == []

    run(tmp_path, body)


def test_messages_that_cannot_be_deleted_are_told_of(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        bench.queues = Held(bench.account.queues, delete_failures=5)
        await bench.put(b"a")
        executor = Recorded()
        await bench.start(executor, leaseTime="00:00:20")
        while not bench.log.lines:
            await bench.clock.advance(0.1)
            await settle(bench.account)
        assert bench.log.having("could not be deleted and will be received again: nobody answers")
        await bench.clock.advance(20)
        while await bench.length():
            await bench.clock.advance(0.5)
            await settle(bench.account)
        assert len(executor.events) == 2

    run(tmp_path, body)
