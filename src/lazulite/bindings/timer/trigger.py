"""The kind `timerTrigger`."""

from __future__ import annotations

from typing import Any

from lazulite.abc import BindingContext, Executor, Listener
from lazulite.bindings.singleton import listener_lease
from lazulite.bindings.timer.listener import TimerListener, TimerSpec, stored_status, timer_value
from lazulite.bindings.timer.zone import time_zone
from lazulite.errors import BindingError, ExpressionError
from lazulite.expr.ncrontab import Schedule
from lazulite.model import BindingSpec, FunctionSpec, TriggerEvent


class TimerTrigger:
    """abc.TriggerKind for schedules."""

    def __init__(self, context: BindingContext) -> None:
        self._context = context
        self._zone = time_zone(context.settings)

    def validate(self, function: FunctionSpec, binding: BindingSpec) -> None:
        spec = self._spec(function, binding)
        if spec.schedule.next(self._context.clock.now()) is None:
            raise BindingError(
                f"The schedule '{spec.schedule.text}' never comes.",
                hint="Check its day and month: both, and the day of the week, must match.",
            )
        self._context.accounts.get("", function.name, binding.name)

    def listener(
        self, function: FunctionSpec, binding: BindingSpec, executor: Executor
    ) -> Listener:
        spec = self._spec(function, binding)
        lease = listener_lease(self._context, function.name)
        return TimerListener(self._context, spec, lease, executor)

    async def manual(
        self, function: FunctionSpec, binding: BindingSpec, input: str
    ) -> TriggerEvent:
        """The input is ignored, as in the original; the status is the stored one."""
        spec = self._spec(function, binding)
        status = await stored_status(self._context, function.name) if spec.monitored else None
        now = self._context.clock.now().astimezone(self._zone)
        return TriggerEvent(
            timer_value(spec.schedule, status, past_due=False),
            {"TimerTrigger": now.strftime("%m/%d/%Y %H:%M:%S")},
            "This function was programmatically called via the host APIs.",
        )

    def _spec(self, function: FunctionSpec, binding: BindingSpec) -> TimerSpec:
        text = binding.get("schedule")
        if not isinstance(text, str) or not text.strip():
            raise BindingError(
                "A timer trigger needs 'schedule', a text.",
                hint="For instance '0 */5 * * * *' (every five minutes) or '%MY_SCHEDULE%'.",
            )
        try:
            schedule = Schedule.parse(text.strip(), self._zone)
        except ExpressionError as error:
            raise BindingError(error.message, hint=error.hint) from None
        monitored = _flag(binding, "useMonitor", True)
        return TimerSpec(
            function=function.name,
            schedule=schedule,
            run_on_startup=_flag(binding, "runOnStartup", False),
            monitored=monitored and not schedule.more_frequent_than_minute,
        )


def _flag(binding: BindingSpec, name: str, default: bool) -> bool:
    value: Any = binding.get(name, default)
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    raise BindingError(f"'{name}' of a timer trigger must be true or false, not {value!r}.")
