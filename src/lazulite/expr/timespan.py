"""Time spans as .NET writes them: `[-][d.]hh:mm[:ss[.fffffff]]`."""

from __future__ import annotations

import re

from lazulite.errors import ExpressionError

_FORM = re.compile(
    r"(?P<sign>-)?(?:(?P<days>\d{1,8})(?:\.|:(?=\d+:\d+:)))?(?P<hours>\d{1,8}):(?P<minutes>\d{1,2})"
    r"(?::(?P<seconds>\d{1,2})(?:\.(?P<fraction>\d{1,7}))?)?",
    re.ASCII,
)
# name, largest value, seconds
_UNITS = (("days", 10_675_199, 86400), ("hours", 23, 3600), ("minutes", 59, 60), ("seconds", 59, 1))
_HINT = "Write hours:minutes:seconds, such as 00:00:30, or days.hours:minutes:seconds."


def parse_timespan(text: str) -> float:
    """The seconds that a time span lasts. Raises ExpressionError.

    A bare number (days to .NET) and `24:00:00` (24 days to .NET) are refused: nobody means that.
    """
    text = text.strip()
    found = _FORM.fullmatch(text)
    if found is None:
        if re.fullmatch(r"-?\d+", text, re.ASCII):
            raise _wrong(text, "is not a time span: it has no unit")
        raise _wrong(text, "is not a time span")
    seconds = 0
    for name, largest, unit in _UNITS:
        value = int(found[name] or 0)
        if value > largest:
            raise _wrong(text, f"is not a time span: {name} go to {largest}")
        seconds += value * unit
    total = seconds + float(f"0.{found['fraction'] or 0}")
    return -total if found["sign"] else total


def format_timespan(seconds: float) -> str:
    """`[-][d.]hh:mm:ss[.fffffff]`; a part of a second is rounded to 100 nanoseconds."""
    ticks = round(abs(seconds) * 10_000_000)
    whole, fraction = divmod(ticks, 10_000_000)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    text = f"{hour:02}:{minute:02}:{second:02}"
    if days:
        text = f"{days}.{text}"
    if fraction:
        text += f".{fraction:07}"
    return f"-{text}" if seconds < 0 and ticks else text


def _wrong(text: str, what: str) -> ExpressionError:
    return ExpressionError(f"'{text}' {what}.", hint=_HINT)
