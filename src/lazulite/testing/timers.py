"""What a test does to timers."""

from __future__ import annotations

import json
from datetime import datetime

from lazulite.abc import BindingContext
from lazulite.bindings.timer.listener import stored_status
from lazulite.bindings.timer.zone import time_zone
from lazulite.errors import ExpressionError
from lazulite.expr.ncrontab import Schedule
from lazulite.model import BindingSpec, Data, FunctionSpec


async def next_occurrence(
    context: BindingContext, spec: FunctionSpec, trigger: BindingSpec
) -> datetime | None:
    """When a timer fires next: as its status says, else by its schedule; None when never."""
    try:
        schedule = Schedule.parse(str(trigger.get("schedule")).strip(), time_zone(context.settings))
    except ExpressionError:
        return None
    if schedule.cron is None:
        status = await stored_status(context, spec.name)
        if status is not None and status.next > context.clock.now():
            return status.next
    return schedule.next(context.clock.now())


def as_past_due(value: Data) -> Data:
    """A timer's value that says it comes late."""
    return Data("json", json.dumps({**json.loads(value.value), "IsPastDue": True}))
