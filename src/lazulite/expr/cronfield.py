"""One field of a cron expression."""

from __future__ import annotations

import re
from typing import NamedTuple

_HALF_YEAR = ("january", "february", "march", "april", "may", "june")
_MONTHS = (*_HALF_YEAR, "july", "august", "september", "october", "november", "december")
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")


class Field(NamedTuple):
    """What a field is called, its bounds, and the names that stand for its values."""

    label: str
    low: int
    high: int
    names: dict[str, int]


def _names(words: tuple[str, ...], first: int) -> dict[str, int]:
    numbered = {word: number for number, word in enumerate(words, first)}
    return numbered | {word[:3]: number for word, number in numbered.items()}


SECOND = Field("second", 0, 59, {})
MINUTE = Field("minute", 0, 59, {})
HOUR = Field("hour", 0, 23, {})
DAY = Field("day", 1, 31, {})
MONTH = Field("month", 1, 12, _names(_MONTHS, 1))
WEEKDAY = Field("day of the week", 0, 6, _names(_DAYS, 0))
FIELDS = (SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY)

_PIECE = re.compile(
    r"(?:(?P<all>\*)|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>\d{1,4}))?", re.ASCII
)


def parse_field(text: str, field: Field) -> tuple[int, ...]:
    """The values a field names, in order: `*`, `a`, `a-b`, `*/n`, `a/n` (from a on), `a-b/n` and
    lists of these. A range that runs backwards is taken the other way round, as in the original.

    Raises ValueError saying what is wrong.
    """
    values: set[int] = set()
    for piece in text.split(","):
        found = _PIECE.fullmatch(piece)
        if found is None:
            raise ValueError(f"'{piece}' in the {field.label} field cannot be read")
        step = int(found["step"] or 1)
        if step < 1:
            raise ValueError(f"the step of '{piece}' in the {field.label} field is 0")
        if found["all"]:
            low, high = field.low, field.high
        else:
            low = _value(found["first"], field)
            if found["last"]:
                low, high = sorted((low, _value(found["last"], field)))
            else:
                high = field.high if found["step"] else low
        values.update(range(low, high + 1, step))
    return tuple(sorted(values))


def _value(text: str, field: Field) -> int:
    if text.isdigit() and len(text) <= 4:
        value = int(text)
        if not field.low <= value <= field.high:
            raise ValueError(f"{text} in the {field.label} field is not in {_bounds(field)}")
        return value
    named = field.names.get(text.lower())
    if named is None:
        raise ValueError(f"'{text}' in the {field.label} field cannot be read")
    return named


def _bounds(field: Field) -> str:
    return f"{field.low}-{field.high}"
