from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from lazulite.bindings import Bindings
from lazulite.config.loglevels import LogLevels
from lazulite.host.dispatch import Dispatcher
from lazulite.host.journal import Journal
from lazulite.host.permits import Permits
from lazulite.host.storage import HostAccounts, HostState
from lazulite.model import (
    BindingSpec,
    Data,
    FunctionSpec,
    Invocation,
    Outcome,
    RetryPolicy,
    TriggerEvent,
)
from lazulite.telemetry.console import Console, Filter
from tests.bindings.context import Lines, make_context
from tests.clock import FakeClock, eventually

TRIGGER = BindingSpec("m", "queueTrigger", properties={"queueName": "in"})
EVENT = TriggerEvent(Data("string", '{"to": "b"}'), {"Id": "1"}, "because")


def output(name: str, queue: str, connection: str = "") -> BindingSpec:
    return BindingSpec(name, "queue", "out", None, {"queueName": queue, "connection": connection})


def function(*outputs: BindingSpec, retry: RetryPolicy | None = None) -> FunctionSpec:
    return FunctionSpec("work", "/app", "/app/f.py", "work", (TRIGGER, *outputs), retry=retry)


class Workers:
    """Answers invocations; notes them."""

    def __init__(self, answer: Callable[[Invocation], Outcome]) -> None:
        self.answer = answer
        self.seen: list[Invocation] = []

    async def invoke(self, invocation: Invocation) -> Outcome:
        self.seen.append(invocation)
        return self.answer(invocation)


class Bench:
    def __init__(self, folder: Path, answer: Callable[[Invocation], Outcome]) -> None:
        self.clock = FakeClock()
        self.text = io.StringIO()
        levels = LogLevels(5)
        journal = Journal(Console(self.text, Filter(levels), False))
        self.accounts = HostAccounts(str(folder), {}, {}, Lines())
        account = self.accounts.get("", "", "")
        context = replace(
            make_context(account, self.clock),
            accounts=self.accounts,
            state=HostState(self.accounts),
        )
        self.queues = account.queues
        self.workers = Workers(answer)
        self.dispatcher = Dispatcher(
            self.workers, Bindings(context), journal, self.clock, Permits()
        )

    def has(self, spec: FunctionSpec) -> None:
        self.dispatcher.functions = {spec.name: spec}


def run(
    folder: Path,
    answer: Callable[[Invocation], Outcome],
    body: Callable[[Bench], Awaitable[None]],
) -> str:
    """The log."""

    async def main() -> str:
        bench = Bench(folder, answer)
        try:
            await body(bench)
        finally:
            await bench.accounts.close()
        return bench.text.getvalue()

    return asyncio.run(main())


def fails(invocation: Invocation) -> Outcome:
    return Outcome(invocation.id, error="ValueError: no")


def test_retries_keep_the_id_and_count(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        bench.has(function(retry=RetryPolicy("fixedDelay", 2, delay=10)))
        running = asyncio.ensure_future(bench.dispatcher.execute("work", EVENT))
        for _ in range(2):
            await eventually(lambda: bench.clock.pauses == [10.0])
            await bench.clock.advance(10)
        assert (await running).error == "ValueError: no"
        assert [i.retry_count for i in bench.workers.seen] == [0, 1, 2]
        assert {i.max_retries for i in bench.workers.seen} == {2}
        assert len({i.id for i in bench.workers.seen}) == 1

    log = run(tmp_path, fails, body)
    assert "Waiting for `10 s` before retrying function execution. Next attempt: '1'." in log
    assert "Function execution failed after '2' retries." in log


def test_back_off_grows_to_its_maximum(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        bench.has(function(retry=RetryPolicy("exponentialBackoff", -1, minimum=2, maximum=9)))
        running = asyncio.ensure_future(bench.dispatcher.execute("work", EVENT))
        waits = []
        for _ in range(6):
            await eventually(lambda: bench.clock.pauses)
            waits.append(bench.clock.pauses[0])
            await bench.clock.advance(waits[-1])
        assert waits[0] == 2
        assert waits == sorted(waits)
        assert waits[-1] == 9
        running.cancel()
        await asyncio.wait({running})

    assert "Invocation cancelled - exiting retry loop." in run(tmp_path, fails, body)


def test_a_retry_that_succeeds_ends_them(tmp_path: Path) -> None:
    def answer(invocation: Invocation) -> Outcome:
        return Outcome(invocation.id, error=None if invocation.retry_count else "first")

    async def body(bench: Bench) -> None:
        bench.has(function(retry=RetryPolicy("fixedDelay", 5, delay=0)))
        assert (await bench.dispatcher.execute("work", EVENT)).ok
        assert len(bench.workers.seen) == 2

    run(tmp_path, answer, body)


def test_what_never_began_is_not_retried(tmp_path: Path) -> None:
    def answer(invocation: Invocation) -> Outcome:
        return Outcome(invocation.id, error="the host is being stopped", unstarted=True)

    async def body(bench: Bench) -> None:
        bench.has(function(retry=RetryPolicy("fixedDelay", -1, delay=0)))
        assert (await bench.dispatcher.execute("work", EVENT)).unstarted
        assert len(bench.workers.seen) == 1

    assert "Executed" not in run(tmp_path, answer, body)


def test_several_outputs_are_written_by_name_and_expression(tmp_path: Path) -> None:
    def answer(invocation: Invocation) -> Outcome:
        outputs = {"one": Data("string", "x"), "two": Data("json", '["y", "z"]')}
        return Outcome(invocation.id, outputs)

    async def body(bench: Bench) -> None:
        bench.has(function(output("one", "Queue-A"), output("two", "queue-{to}")))
        assert (await bench.dispatcher.execute("work", EVENT)).ok
        found = {
            queue: [m.body for m in await bench.queues.receive(queue, 32, 1)]
            for queue in ("queue-a", "queue-b")
        }
        assert found == {"queue-a": [b"x"], "queue-b": [b"y", b"z"]}

    run(tmp_path, answer, body)


def test_an_output_that_cannot_be_written_fails_the_invocation(tmp_path: Path) -> None:
    def answer(invocation: Invocation) -> Outcome:
        return Outcome(invocation.id, {"one": Data("string", "x")})

    async def body(bench: Bench) -> None:
        bench.has(function(output("one", "queue-{nothing}")))
        outcome = await bench.dispatcher.execute("work", EVENT)
        assert outcome.error is not None
        assert "function 'work', binding 'one'" in outcome.error
        assert "No value for named parameter 'nothing'." in outcome.error
        bench.has(function(output("one", "queue", "Missing")))
        outcome = await bench.dispatcher.execute("work", EVENT)
        assert outcome.error is not None
        assert "function 'work', binding 'one'" in outcome.error
        assert "'AzureWebJobsMissing' does not exist" in outcome.error

    log = run(tmp_path, answer, body)
    assert "Executed 'Functions.work' (Failed" in log


def test_a_function_that_went_away_and_a_bug_are_outcomes_too(tmp_path: Path) -> None:
    def answer(invocation: Invocation) -> Outcome:
        raise ZeroDivisionError("a bug")

    async def body(bench: Bench) -> None:
        assert not (await bench.dispatcher.execute("gone", EVENT)).ok
        bench.has(function())
        outcome = await bench.dispatcher.execute("work", EVENT)
        assert outcome.error == "ZeroDivisionError: a bug"
        assert bench.dispatcher.running == 0

    run(tmp_path, answer, body)
