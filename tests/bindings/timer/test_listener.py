from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lazulite.abc import Account, Listener
from lazulite.bindings.timer.trigger import TimerTrigger
from lazulite.errors import BindingError, SettingError
from lazulite.model import BindingSpec, FunctionSpec, TriggerEvent
from tests.bindings.context import Lines, Recorded, embedded, gate, make_context, settle
from tests.clock import START, FakeClock, eventually

FUNCTION = FunctionSpec("tick", "/app", "/app/function_app.py", "tick", ())
STATUS = "azure-webjobs-hosts/timers/app/Host.Functions.tick/status"
SHORT = {"listener_lock_period": 2.0, "listener_lock_recovery_polling_interval": 1.0}


def binding(schedule: str, **more: Any) -> BindingSpec:
    return BindingSpec("timer", "timerTrigger", properties={"schedule": schedule, **more})


class Bench:
    """Timers of one app on one store; each host has a clock of its own unless told otherwise."""

    def __init__(self, account: Account, clock: FakeClock, stack: AsyncExitStack) -> None:
        self.account = account
        self.clock = clock
        self.log = Lines()
        self._stack = stack

    async def start(
        self,
        spec: BindingSpec,
        executor: Recorded,
        *,
        clock: FakeClock | None = None,
        instance: str = "host-1",
        settings: dict[str, str] | None = None,
    ) -> Listener:
        context = make_context(
            self.account,
            clock or self.clock,
            self.log,
            instance=instance,
            settings=settings,
            singleton=SHORT,
        )
        kind = TimerTrigger(context)
        kind.validate(FUNCTION, spec)
        listener = kind.listener(FUNCTION, spec, executor)
        await listener.start()
        self._stack.push_async_callback(listener.stop)
        return listener

    async def settle(self) -> None:
        """Let all that is asked of the store now, and what follows from it, be answered."""
        await settle(self.account)

    async def go(self, seconds: float) -> None:
        """Let time pass in half seconds, so that leases are renewed as they would be."""
        for _ in range(round(seconds * 2)):
            await self.clock.advance(0.5)
            await self.settle()

    async def waiting(self, seconds: float) -> None:
        """Until something waits that long; renewals of leases wait at most a second here."""
        await eventually(lambda: seconds in self.clock.pauses, f"a pause of {seconds} s")

    async def status(self) -> dict[str, str]:
        document = await self.account.state.read(STATUS)
        assert document is not None
        found: dict[str, str] = json.loads(document.body)
        return found


def run(tmp_path: Path, body: Callable[[Bench], Awaitable[None]]) -> None:
    async def main() -> None:
        clock = FakeClock()
        async with embedded(tmp_path, clock) as account, AsyncExitStack() as stack:
            await body(Bench(account, clock, stack))

    asyncio.run(main())


def value(event: TriggerEvent) -> Any:
    return json.loads(event.value.value)


def test_it_fires_at_each_occurrence_and_keeps_its_status(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        executor = Recorded()
        await bench.start(binding("30 * * * * *"), executor)
        await bench.waiting(30)
        assert (await bench.status())["Last"] == "0001-01-01T00:00:00"
        await bench.go(29.5)
        assert executor.events == []
        await bench.go(0.5)
        assert len(executor.events) == 1
        assert await bench.status() == {
            "Last": "2030-01-01T00:00:30+00:00",
            "Next": "2030-01-01T00:01:30+00:00",
            "LastUpdated": "2030-01-01T00:00:30+00:00",
        }
        event = executor.events[0]
        assert value(event) == {
            "Schedule": {"AdjustForDST": False},
            "ScheduleStatus": {
                "Last": "0001-01-01T00:00:00",
                "Next": "2030-01-01T00:00:30+00:00",
                "LastUpdated": "2030-01-01T00:00:00+00:00",
            },
            "IsPastDue": False,
        }
        assert event.reason == "Timer fired at 2030-01-01T00:00:30+00:00"
        assert event.metadata == {"TimerTrigger": "01/01/2030 00:00:30"}
        await bench.go(60)
        assert len(executor.events) == 2

    run(tmp_path, body)


def test_it_tells_the_next_occurrences(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        settings = {"WEBSITE_TIME_ZONE": "Europe/Istanbul"}
        await bench.start(binding("0 0 6 * * *"), Recorded(), settings=settings)
        (text,) = bench.log.having("The next 5 occurrences")
        lines = text.split("\n")
        assert lines[0] == (
            "The next 5 occurrences of the 'tick' schedule (Cron: '0 0 6 * * *') will be:"
        )
        assert lines[1] == "01/01/2030 06:00:00+03:00 (01/01/2030 03:00:00Z)"
        assert len(lines) == 6

    run(tmp_path, body)


def test_run_on_startup(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        executor = Recorded()
        await bench.start(binding("0 0 * * * *", runOnStartup=True), executor)
        await eventually(lambda: executor.ended)
        assert executor.events[0].details == {
            "UnscheduledInvocationReason": "RunOnStartup",
            "OriginalSchedule": "2030-01-01T01:00:00+00:00",
        }
        assert not value(executor.events[0])["IsPastDue"]
        await bench.waiting(60)
        await bench.go(60)
        assert len(executor.events) == 1

    run(tmp_path, body)


def test_a_missed_occurrence_runs_at_once_and_is_past_due(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        first = await bench.start(binding("0 0 * * * *"), Recorded())
        await bench.waiting(60)
        await first.stop()
        await bench.clock.advance(2.5 * 3600)
        executor = Recorded()
        await bench.start(binding("0 0 * * * *", runOnStartup=True), executor)
        await eventually(lambda: executor.ended)
        assert value(executor.events[0])["IsPastDue"]
        assert executor.events[0].details["UnscheduledInvocationReason"] == "IsPastDue"
        await bench.waiting(60)
        assert (await bench.status())["Next"] == "2030-01-01T03:00:00+00:00"
        assert len(executor.events) == 1

    run(tmp_path, body)


@pytest.mark.parametrize(
    ("schedule", "more"), [("*/2 * * * * *", {}), ("0 0 * * * *", {"useMonitor": False})]
)
def test_without_a_monitor_nothing_is_kept(
    tmp_path: Path, schedule: str, more: dict[str, Any]
) -> None:
    async def body(bench: Bench) -> None:
        executor = Recorded()
        await bench.start(binding(schedule, runOnStartup=True, **more), executor)
        await eventually(lambda: executor.ended)
        assert value(executor.events[0])["ScheduleStatus"] is None
        assert await bench.account.state.read(STATUS) is None

    run(tmp_path, body)


def test_runs_never_overlap_and_skip_what_they_miss(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        async def slow(event: TriggerEvent) -> str | None:
            await bench.clock.sleep(7)
            return None

        executor = Recorded(slow)
        await bench.start(binding("*/2 * * * * *"), executor)
        await bench.settle()
        await bench.go(17.5)
        assert executor.most == 1
        times = [event.metadata["TimerTrigger"] for event in executor.events]
        assert times[:2] == ["01/01/2030 00:00:02", "01/01/2030 00:00:10"]

    run(tmp_path, body)


def test_a_stop_waits_for_the_run(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        opened, answer = gate()
        executor = Recorded(answer)
        listener = await bench.start(binding("0 0 * * * *", runOnStartup=True), executor)
        await eventually(lambda: executor.running)
        stopping = asyncio.ensure_future(listener.stop())
        await asyncio.sleep(0)
        assert not stopping.done()
        opened.set()
        await stopping
        assert executor.ended == 1
        assert (await bench.status())["Last"] == START.isoformat()

    run(tmp_path, body)


def test_a_run_that_never_began_stays_due(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        executor = Recorded(unstarted=1)
        await bench.start(binding("30 * * * * *"), executor)
        await bench.waiting(30)
        await bench.go(30)
        assert (await bench.status())["Next"] == "2030-01-01T00:00:30+00:00"
        await bench.go(10)
        assert executor.ended == 1
        assert (await bench.status())["Next"] == "2030-01-01T00:01:30+00:00"

    run(tmp_path, body)


def test_one_of_two_hosts_fires(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        executors = [Recorded(), Recorded()]
        for number, executor in enumerate(executors):
            await bench.start(binding("*/2 * * * * *"), executor, instance=f"host-{number}")
            await bench.settle()
        await bench.go(20)
        fired = sorted(len(executor.events) for executor in executors)
        assert fired == [0, 10]

    run(tmp_path, body)


def test_another_host_takes_over_from_one_that_died(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        # a host whose clock stands still renews no lease: to the others it is dead
        dead = FakeClock()
        frozen, heir = Recorded(), Recorded()
        await bench.start(binding("30 * * * * *"), frozen, clock=dead, instance="dead")
        await eventually(lambda: 30.0 in dead.pauses)
        await bench.start(binding("30 * * * * *"), heir, instance="heir")
        await bench.settle()
        await bench.go(40)
        assert len(heir.events) == 1
        assert frozen.events == []
        # it comes back: its lease has gone, and it fires nothing
        await dead.advance(40)
        await bench.settle()
        assert frozen.events == []

    run(tmp_path, body)


def test_a_stopped_host_hands_over_at_once(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        first = await bench.start(binding("30 * * * * *"), Recorded(), instance="one")
        await bench.waiting(30)
        heir = Recorded()
        await bench.start(binding("30 * * * * *"), heir, instance="two")
        await bench.settle()
        await first.stop()
        await bench.go(30)
        assert heir.ended == 1

    run(tmp_path, body)


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({}, "needs 'schedule'"),
        ({"schedule": "every day"}, "was not recognized"),
        ({"schedule": "0 0 0 30 2 *"}, "never comes"),
        ({"schedule": "0 * * * * *", "runOnStartup": "maybe"}, "true or false"),
    ],
)
def test_what_cannot_be_a_timer_is_refused(
    tmp_path: Path, properties: dict[str, Any], message: str
) -> None:
    async def body(bench: Bench) -> None:
        kind = TimerTrigger(make_context(bench.account, bench.clock))
        with pytest.raises(BindingError, match=message):
            kind.validate(FUNCTION, BindingSpec("t", "timerTrigger", properties=properties))

    run(tmp_path, body)


def test_an_unknown_time_zone_is_named(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        context = make_context(
            bench.account, bench.clock, settings={"WEBSITE_TIME_ZONE": "Nowhere/Town"}
        )
        with pytest.raises(SettingError, match="'Nowhere/Town' of the setting 'WEBSITE_TIME_ZONE'"):
            TimerTrigger(context)

    run(tmp_path, body)


def test_a_run_by_hand_has_the_stored_status(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        spec = binding("0 0 * * * *")
        await bench.start(spec, Recorded())
        await bench.waiting(60)
        kind = TimerTrigger(make_context(bench.account, bench.clock))
        event = await kind.manual(FUNCTION, spec, "ignored")
        assert value(event)["ScheduleStatus"]["Next"] == (START + timedelta(hours=1)).isoformat()

    run(tmp_path, body)
