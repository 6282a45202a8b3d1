"""Which texts .NET's invariant DateTime parser accepts, for the `datetime` route constraint."""

from __future__ import annotations

import re

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<name>january|february|march|april|may|june|july|august|september|october|november"
    r"|december|jan|feb|mar|apr|jun|jul|aug|sep|oct|nov|dec)"
)
_DAY_NAME = r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|mon|tue|wed|thu|fri|sat|sun)"
_TIME = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?:\.\d{1,7}\d*)?)?"
    r"\s*(?P<half>am|pm|a|p)?\s*(?:z|gmt|[+-]\d{1,2}(?::?\d{2})?)?"
)
_DATES = (
    r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})(?:[-/.](?P<day>\d{1,2}))?",
    r"(?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?:[-/.](?P<year>\d{4}|\d{1,2}))?",
    r"(?P<month>\d{1,2})[-/.](?P<year>\d{4})",
    rf"(?:{_DAY_NAME},?\s+)?(?P<day>\d{{1,2}})[\s-]{_MONTH}(?:[\s,-]+(?P<year>\d{{4}}|\d{{2}}))?",
    rf"(?:{_DAY_NAME},?\s+)?{_MONTH}\s+(?P<day>\d{{1,2}})(?:(?:\s*,\s*|\s+)(?P<year>\d{{4}}))?",
    rf"{_MONTH}[\s,]+(?P<year>\d{{4}})",
    rf"(?P<year>\d{{4}})[\s-]{_MONTH}(?:[\s-](?P<day>\d{{1,2}}))?",
)
_FORMS = tuple(
    re.compile(rf"\s*{form}\s*", re.ASCII | re.IGNORECASE)
    for form in (*(rf"{date}(?:(?:\s+|t){_TIME})?" for date in _DATES), _TIME)
)
_LONGEST = 64
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_datetime(text: str) -> bool:
    """True where the text is a date, a time or both in a form the original understands."""
    if len(text) > _LONGEST:
        return False
    return any(_valid(found.groupdict()) for form in _FORMS if (found := form.fullmatch(text)))


def _valid(parts: dict[str, str | None]) -> bool:
    name = parts.get("name")
    month = _MONTHS.index(name[:3].lower()) + 1 if name else int(parts.get("month") or 1)
    day = int(parts.get("day") or 1)
    year = int(parts.get("year") or 2000)
    hour, minute = int(parts.get("hour") or 0), int(parts.get("minute") or 0)
    second = int(parts.get("second") or 0)
    if not (1 <= month <= 12 and 1 <= day <= _DAYS[month - 1]):
        return False
    if parts.get("year") is not None and len(parts["year"] or "") == 4 and year == 0:
        return False
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if month == 2 and day == 29 and not leap:
        return False
    return hour <= (12 if parts.get("half") else 23) and minute <= 59 and second <= 59
