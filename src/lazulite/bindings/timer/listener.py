"""Waits for the occurrences of one schedule."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from lazulite.abc import BindingContext, Executor
from lazulite.bindings.singleton import Lease
from lazulite.bindings.timer.status import Status, after_run, at_start, parse_status
from lazulite.errors import LazuliteError, StoreError
from lazulite.expr.ncrontab import Schedule
from lazulite.model import Data, TriggerEvent

CATEGORY = "Host.Triggers.Timer"
# The wall clock is looked at again this often: machines sleep and clocks are set.
LONGEST_SLEEP = 60.0
RETRY = 5.0


@dataclass(frozen=True)
class TimerSpec:
    """What a timer trigger declares. monitored: whether its status is kept."""

    function: str
    schedule: Schedule
    run_on_startup: bool
    monitored: bool


class TimerListener:
    """Runs the function at each occurrence, in one of the hosts that share the state.

    Runs never overlap: the next occurrence is waited for after one has ended.
    """

    def __init__(
        self, context: BindingContext, spec: TimerSpec, lease: Lease, executor: Executor
    ) -> None:
        self._context = context
        self._clock = context.clock
        self._spec = spec
        self._schedule = spec.schedule
        self._lease = lease
        self._executor = executor
        self._startup_due = spec.run_on_startup
        self._task: asyncio.Task[None] | None = None
        self._running: asyncio.Task[Status | None] | None = None

    async def start(self) -> None:
        self._tell_occurrences()
        self._task = asyncio.create_task(self._live())

    async def stop(self) -> None:
        try:
            if self._task is not None:
                self._task.cancel()
                await asyncio.wait({self._task})
            if self._running is not None:
                await asyncio.wait({self._running})
        finally:
            if self._running is not None:
                self._running.cancel()
            await self._lease.release()

    async def _live(self) -> None:
        while True:
            try:
                await self._lease.acquire()
                await self._fire_while_held()
            except Exception as error:  # whatever it is, the schedule goes on
                text = str(error) if isinstance(error, LazuliteError) else repr(error)
                self._log("Error", f"The timer '{self._spec.function}' begins anew: {text}")
                await self._clock.sleep(RETRY)

    async def _fire_while_held(self) -> None:
        """Return when the lease is lost or the schedule has ended."""
        status, past_due = await self._begin()
        following: Status | None = status
        if past_due:
            following = await self._run(status, status.next, "IsPastDue")
        elif self._startup_due:
            following = await self._run(status, self._now(), "RunOnStartup")
        self._startup_due = False
        while following is not None:
            if not await self._wait(following.next):
                return
            due = following
            following = await self._run(due, due.next, "")
            if following is due:
                await self._clock.sleep(RETRY)
        self._log("Warning", f"The schedule of '{self._spec.function}' has no more occurrences.")
        await self._lease.lost.wait()

    async def _begin(self) -> tuple[Status, bool]:
        stored = await self._stored() if self._spec.monitored else None
        status, past_due = at_start(self._schedule, stored, self._now())
        if self._spec.monitored and status != stored:
            await self._store(status)
        return status, past_due

    async def _wait(self, until: datetime) -> bool:
        """Wait for a moment; False when the lease went away meanwhile."""
        lost = asyncio.ensure_future(self._lease.lost.wait())
        try:
            while (left := (until - self._now()).total_seconds()) > 0:
                pause = asyncio.ensure_future(self._clock.sleep(min(left, LONGEST_SLEEP)))
                try:
                    await asyncio.wait({pause, lost}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    pause.cancel()
                if lost.done():
                    return False
            # an overslept lease may be another host's by now
            return self._lease.held
        finally:
            lost.cancel()

    async def _run(self, status: Status, scheduled: datetime, unscheduled: str) -> Status | None:
        """Run the function; the status afterwards. A stop of the listener lets it end."""
        self._running = asyncio.create_task(self._execute(status, scheduled, unscheduled))
        following = await asyncio.shield(self._running)
        self._running = None
        return following

    async def _execute(
        self, status: Status, scheduled: datetime, unscheduled: str
    ) -> Status | None:
        outcome = await self._executor.execute(self._event(status, unscheduled))
        if outcome.unstarted:
            return status  # due as before, for the next host
        following = after_run(self._schedule, scheduled, self._now())
        if self._spec.monitored and following is not None:
            try:
                await self._store(following)
            except StoreError as error:
                self._log(
                    "Warning",
                    f"The status of '{self._spec.function}' could not be written: {error}",
                )
        return following

    def _event(self, status: Status, unscheduled: str) -> TriggerEvent:
        details = {}
        if unscheduled:
            details["UnscheduledInvocationReason"] = unscheduled
            details["OriginalSchedule"] = status.next.isoformat()
        now = self._now()
        return TriggerEvent(
            value=timer_value(
                self._schedule,
                status if self._spec.monitored else None,
                past_due=unscheduled == "IsPastDue",
            ),
            metadata={"TimerTrigger": _text(now)},
            reason=f"Timer fired at {now.isoformat()}",
            details=details,
        )

    def _tell_occurrences(self) -> None:
        kind = "Cron" if self._schedule.cron is not None else "Constant"
        lines = [
            f"The next 5 occurrences of the '{self._spec.function}' schedule "
            f"({kind}: '{self._schedule.text}') will be:"
        ]
        for moment in self._schedule.occurrences(self._now(), 5):
            offset = moment.strftime("%z") or "+0000"
            utc = moment.astimezone(timezone.utc)
            lines.append(f"{_text(moment)}{offset[:3]}:{offset[3:5]} ({_text(utc)}Z)")
        self._log("Information", "\n".join(lines))

    async def _stored(self) -> Status | None:
        return await stored_status(self._context, self._spec.function)

    async def _store(self, status: Status) -> None:
        path = status_path(self._context, self._spec.function)
        await self._context.state.write(path, status.to_json())

    def _now(self) -> datetime:
        return self._clock.now().astimezone(self._schedule.zone)

    def _log(self, level: str, text: str) -> None:
        self._context.log(level, CATEGORY, text)


def status_path(context: BindingContext, function: str) -> str:
    """Where a timer's status is, as in the original."""
    return f"azure-webjobs-hosts/timers/{context.host_id}/Host.Functions.{function}/status"


async def stored_status(context: BindingContext, function: str) -> Status | None:
    """The status that a timer left; None where there is none."""
    document = await context.state.read(status_path(context, function))
    return parse_status(document.body) if document is not None else None


def timer_value(schedule: Schedule, status: Status | None, *, past_due: bool) -> Data:
    """The trigger's value, which becomes a TimerRequest."""
    value: dict[str, Any] = {
        "Schedule": {"AdjustForDST": not schedule.is_interval},
        "ScheduleStatus": status.shown() if status is not None else None,
        "IsPastDue": past_due,
    }
    return Data("json", json.dumps(value))


def _text(moment: datetime) -> str:
    return moment.strftime("%m/%d/%Y %H:%M:%S")
