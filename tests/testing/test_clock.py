from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone

from lazulite.testing import ManualClock

START = datetime(2026, 1, 1, tzinfo=timezone.utc)


def test_sleepers_wake_when_their_time_has_come() -> None:
    async def scenario() -> list[str]:
        clock = ManualClock(START)
        woken: list[str] = []

        async def sleep(seconds: float, name: str) -> None:
            await clock.sleep(seconds)
            woken.append(name)

        tasks = [asyncio.ensure_future(sleep(s, n)) for s, n in ((5, "b"), (1, "a"), (9, "c"))]
        await asyncio.sleep(0)
        assert clock.next_due() == START + timedelta(seconds=1)
        clock.move_to(START + timedelta(seconds=5))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        tasks[2].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert clock.next_due() is None
        return woken

    assert asyncio.run(scenario()) == ["a", "b"]


def test_a_moment_without_a_zone_is_utc() -> None:
    clock = ManualClock(datetime(2026, 1, 1))

    assert clock.now() == START
    assert clock.timestamp() == START.timestamp()


def test_no_sleep_and_endless_sleep() -> None:
    async def scenario() -> None:
        clock = ManualClock(START)
        await clock.sleep(0)
        endless = asyncio.ensure_future(clock.sleep(1e18))
        await asyncio.sleep(0)
        assert clock.next_due() == datetime.max.replace(tzinfo=timezone.utc)
        endless.cancel()

    asyncio.run(scenario())


def test_planned_calls() -> None:
    clock = ManualClock(START)
    calls: list[datetime] = []
    clock.plan(60, lambda: calls.append(clock.now()))

    assert clock.next_planned() == START + timedelta(minutes=1)
    clock.set(START + timedelta(hours=1))
    assert calls == []
    clock.move_to(START + timedelta(hours=1))
    assert calls == [START + timedelta(hours=1)]
    assert clock.next_planned() is None
