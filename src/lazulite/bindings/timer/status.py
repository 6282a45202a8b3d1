"""The schedule status that outlives the host: what it says, and what it means at a start."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from lazulite.errors import ExpressionError
from lazulite.expr.ncrontab import Schedule

# .NET writes seven digits of a second, Python reads six
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?(Z|[+-]\d\d:?\d\d)?", re.A
)
_NEVER = "0001-01-01T00:00:00"
_SAME = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Status:
    """last: the occurrence that ran last, None before the first; all aware."""

    last: datetime | None
    next: datetime
    updated: datetime

    def shown(self) -> dict[str, str]:
        """The members as the original writes them."""
        return {
            "Last": self.last.isoformat() if self.last else _NEVER,
            "Next": self.next.isoformat(),
            "LastUpdated": self.updated.isoformat(),
        }

    def to_json(self) -> bytes:
        return json.dumps(self.shown()).encode()


def parse_status(body: bytes) -> Status | None:
    """The status of a document; None for one that cannot be read, which counts as none."""
    try:
        raw = json.loads(body)
        next, updated = _moment(raw["Next"]), _moment(raw["LastUpdated"])
        last = _moment(raw["Last"])
    except (ValueError, KeyError, TypeError):
        return None
    if next is None or updated is None:
        return None
    return Status(last, next, updated)


def _moment(text: Any) -> datetime | None:
    """A time, None for the minimum date. One without an offset is by the machine's clocks."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise ValueError(text)
    day, time, fraction, zone = found.groups()
    moment = datetime.fromisoformat(f"{day}T{time}.{(fraction or '').ljust(6, '0')}")
    if moment.year == 1:
        return None
    if zone in (None, ""):
        return moment.astimezone()
    if zone == "Z":
        return moment.replace(tzinfo=timezone.utc)
    hours = zone if ":" in zone else f"{zone[:3]}:{zone[3:]}"
    return datetime.fromisoformat(f"{moment.isoformat()}{hours}")


def first_status(schedule: Schedule, now: datetime) -> Status | None:
    """The status of a timer that never ran; None when it never will."""
    following = schedule.next(now)
    return None if following is None else Status(None, following, now)


def at_start(schedule: Schedule, stored: Status | None, now: datetime) -> tuple[Status, bool]:
    """The status to begin with, and whether an occurrence was missed while no host ran.

    A stored status that another schedule wrote is of no use: the timer begins anew. Raises
    ExpressionError for a schedule without any occurrence.
    """
    fresh = first_status(schedule, now)
    if fresh is None:
        raise ExpressionError(f"The schedule '{schedule.text}' never comes.")
    if stored is None or not _is_of(schedule, stored):
        return fresh, False
    return stored, now > stored.next


def _is_of(schedule: Schedule, stored: Status) -> bool:
    """Whether the schedule, which may have been edited since, can have given `next`."""
    if schedule.cron is None:
        since = stored.next - (stored.last or stored.updated)
        steps = round(since.total_seconds() / schedule.interval)
        return steps >= 1 and abs(since - timedelta(seconds=steps * schedule.interval)) < _SAME
    # occurrences that were missed during a run are skipped: then `next` follows the update
    starts = (stored.last or stored.updated, stored.updated)
    return any(_same(schedule.next(start), stored.next) for start in starts)


def _same(one: datetime | None, other: datetime) -> bool:
    return one is not None and abs(one - other) < _SAME


def after_run(schedule: Schedule, ran: datetime, now: datetime) -> Status | None:
    """The status after the run of occurrence `ran`. Occurrences up to `now` are skipped; None when
    there are no more."""
    following = schedule.next(ran)
    if following is not None and following <= now:
        if schedule.cron is None:
            steps = int((now - ran).total_seconds() // schedule.interval)
            following = schedule.next(ran + timedelta(seconds=steps * schedule.interval))
        else:
            following = schedule.next(now)
    return None if following is None else Status(ran, following, max(now, ran))
