"""Retry policies of host.json, function.json and decorators."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lazulite.config.section import Section
from lazulite.errors import ExpressionError
from lazulite.expr.timespan import parse_timespan
from lazulite.model import RetryPolicy

_FIXED = ("strategy", "maxRetryCount", "delayInterval")
_EXPONENTIAL = ("strategy", "maxRetryCount", "minimumInterval", "maximumInterval")


def read_retry(section: Section) -> RetryPolicy | None:
    """The policy of a `retry` section; None when it is empty.

    Raises ConfigError naming the member that is missing or wrong.
    """
    if not section:
        return None
    strategy = str(_member(section, "strategy")).replace("_", "").lower()
    if strategy == "fixeddelay":
        _present(section, _FIXED)
        return RetryPolicy("fixedDelay", _count(section), delay=_interval(section, _FIXED[2]))
    if strategy == "exponentialbackoff":
        _present(section, _EXPONENTIAL)
        minimum, maximum = (_interval(section, name) for name in _EXPONENTIAL[2:])
        if minimum > maximum:
            raise section.error(
                "minimumInterval",
                f"'{section.key('minimumInterval')}' must not be greater than 'maximumInterval'.",
            )
        return RetryPolicy("exponentialBackoff", _count(section), minimum=minimum, maximum=maximum)
    raise section.error(
        "strategy",
        f"'{section.key('strategy')}' must be fixedDelay or exponentialBackoff, "
        f"not {section['strategy']!r}.",
    )


def decorated_retry(settings: Mapping[str, Any] | None) -> RetryPolicy | None:
    """The policy that the `retry` decorator of the v2 model gave.

    settings: its dict, with names like `max_retry_count` and texts as values. Raises ConfigError.
    """
    if not settings:
        return None
    members = {_camel(n): v for n, v in settings.items() if n != "setting_name"}
    return read_retry(Section({n: v for n, v in members.items() if v is not None}, ("retry",)))


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda m: m[1].upper(), name)


def _present(section: Section, names: tuple[str, ...]) -> None:
    for name in names:
        _member(section, name)


def _member(section: Section, name: str) -> Any:
    value = section.get(name)
    if value is None or value == "":
        raise section.error(
            name,
            f"The retry policy needs '{name}'.",
            f"Add '{name}' to '{section.key(name).rpartition('.')[0] or 'retry'}'.",
        )
    return value


def _count(section: Section) -> int:
    raw = section["maxRetryCount"]
    try:
        count = int(raw) if isinstance(raw, str | int) and not isinstance(raw, bool) else -2
    except ValueError:
        count = -2
    if count < -1:
        raise section.error(
            "maxRetryCount",
            f"'{section.key('maxRetryCount')}' must be a whole number, at least 0, "
            f"or -1 for retries without end, not {raw!r}.",
        )
    return count


def _interval(section: Section, name: str) -> float:
    raw = section[name]
    try:
        value = parse_timespan(raw if isinstance(raw, str) else str(raw))
    except ExpressionError as error:
        raise section.error(name, f"'{section.key(name)}': {error.message}", error.hint) from None
    if value < 0:
        raise section.error(name, f"'{section.key(name)}' must not be negative.")
    return value
