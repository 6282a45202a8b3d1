"""Time spans as .NET writes them: `[-][d.]hh:mm[:ss[.fffffff]]`, or whole days."""

from __future__ import annotations

import re

from lazulite.errors import ExpressionError

_FORM = re.compile(
    r"\s*(?P<sign>-)?(?:(?P<only_days>\d{1,8})"
    r"|(?:(?P<days>\d{1,8})(?:\.|:(?=\d+:\d+:)))?(?P<hours>\d{1,2}):(?P<minutes>\d{1,2})"
    r"(?::(?P<seconds>\d{1,2})(?:\.(?P<fraction>\d{1,7}))?)?)\s*",
    re.ASCII,
)
_LARGEST_DAYS = 10_675_199


def parse_timespan(text: str) -> float:
    """The seconds that a time span lasts; a bare number is days. Raises ExpressionError.

    `24:00:00` is refused (.NET reads it as 24 days, which nobody means).
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise _wrong(text, "is no time span")
    parts = {name: int(found[name] or 0) for name in ("hours", "minutes", "seconds")}
    days = int(found["only_days"] or found["days"] or 0)
    if days > _LARGEST_DAYS:
        raise _wrong(text, "is too long for a time span")
    for name, limit in (("hours", 23), ("minutes", 59), ("seconds", 59)):
        if parts[name] > limit:
            raise _wrong(text, f"is no time span: {name} go to {limit}")
    whole = ((days * 24 + parts["hours"]) * 60 + parts["minutes"]) * 60 + parts["seconds"]
    seconds = whole + float(f"0.{found['fraction'] or 0}")
    return -seconds if found["sign"] else seconds


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
    return ExpressionError(
        f"'{text}' {what}.", hint="Write hh:mm:ss, or d.hh:mm:ss from one day on."
    )
