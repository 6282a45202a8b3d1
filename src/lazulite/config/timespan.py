"""Time spans as settings write them: .NET TimeSpan text."""

from __future__ import annotations

import re

from lazulite.errors import ExpressionError

_SPAN = re.compile(r"(-)?(?:(\d{1,8})\.)?(\d{1,8}(?::\d{1,2}){1,3})(\.\d{1,7})?", re.A)
_HINT = "Write hours:minutes:seconds, such as 00:00:30, or days.hours:minutes:seconds."


def parse_timespan(text: str) -> float:
    """Seconds in a time span: `hh:mm:ss`, `hh:mm`, `d.hh:mm:ss`, with `.fffffff` and a `-` before.

    As in .NET a first number of 24 or more counts days (`24:00:00` is 24 days). A bare number,
    which .NET takes as days, is refused: nobody means that. Raises ExpressionError.
    """
    text = text.strip()
    match = _SPAN.fullmatch(text)
    if not match:
        if re.fullmatch(r"-?\d+", text):
            raise ExpressionError(f"The time span '{text}' has no unit.", hint=_HINT)
        raise ExpressionError(f"'{text}' is not a time span.", hint=_HINT)
    parts = [int(part) for part in match[3].split(":")]
    if match[2] is not None:
        parts.insert(0, int(match[2]))
    elif len(parts) == 2 or (len(parts) == 3 and parts[0] < 24):
        parts.insert(0, 0)
    parts += [0] * (4 - len(parts))
    days, hours, minutes, seconds = parts[:4]
    if len(parts) > 4 or hours > 23 or minutes > 59 or seconds > 59:
        raise ExpressionError(f"'{text}' is not a time span.", hint=_HINT)
    total = days * 86400 + hours * 3600 + minutes * 60 + seconds + float(match[4] or 0)
    return -total if match[1] else total


def format_timespan(seconds: float) -> str:
    """The text of a time span, as .NET's `c` format writes it: `[-][d.]hh:mm:ss[.fffffff]`."""
    sign = "-" if seconds < 0 else ""
    whole, ticks = divmod(round(abs(seconds) * 10_000_000), 10_000_000)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    text = f"{hour:02}:{minute:02}:{second:02}"
    return sign + (f"{days}." if days else "") + text + (f".{ticks:07}" if ticks else "")
