"""Dates and identifiers as .NET writes them in invariant culture."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from uuid import UUID

from lazulite.web.dotnet import format_double

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_HALF_YEAR = ("January", "February", "March", "April", "May", "June")
_MONTHS = (*_HALF_YEAR, "July", "August", "September", "October", "November", "December")
_STANDARD = {
    "d": "MM/dd/yyyy",
    "D": "dddd, dd MMMM yyyy",
    "f": "dddd, dd MMMM yyyy HH:mm",
    "F": "dddd, dd MMMM yyyy HH:mm:ss",
    "g": "MM/dd/yyyy HH:mm",
    "G": "MM/dd/yyyy HH:mm:ss",
    "m": "MMMM dd",
    "M": "MMMM dd",
    "o": "yyyy-MM-ddTHH:mm:ss.fffffffK",
    "O": "yyyy-MM-ddTHH:mm:ss.fffffffK",
    "r": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "R": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "s": "yyyy-MM-ddTHH:mm:ss",
    "t": "HH:mm",
    "T": "HH:mm:ss",
    "u": "yyyy-MM-dd HH:mm:ss'Z'",
    "U": "dddd, dd MMMM yyyy HH:mm:ss",
    "y": "yyyy MMMM",
    "Y": "yyyy MMMM",
}
_TOKEN = re.compile(
    r"""(?P<quoted>'[^']*'|"[^"]*")|\\(?P<escaped>.)|%(?P<single>.)"""
    r"""|(?P<token>d+|M+|y+|H+|h+|m+|s+|t+|z+|g+|K|\.?F+|f+)|(?P<literal>.)""",
    re.DOTALL,
)
_PATH_SAFE = "yyyy-MM-ddTHH-mm-ssK"


def format_datetime(moment: datetime, pattern: str = "") -> str:
    """A date by a .NET format: a standard one of one letter, or a custom one.

    Without a format as binding expressions write dates, with hyphens in the time, safe in paths.
    Raises ValueError for a format .NET does not know.
    """
    if len(pattern) == 1:
        if pattern not in _STANDARD:
            raise ValueError(f"'{pattern}' is no date format")
        pattern = _STANDARD[pattern]
    result = ""
    for found in _TOKEN.finditer(pattern or _PATH_SAFE):
        quoted, escaped, single, token, literal = found.groups()
        if quoted is not None:
            result += quoted[1:-1]
        elif escaped is not None:
            result += escaped
        elif literal is not None:
            if literal in "'\"\\%":
                raise ValueError(f"'{pattern}' has a {literal} without what belongs to it")
            result += literal
        else:
            result += _part(moment, single or token)
    return result


def _part(moment: datetime, token: str) -> str:
    letter, size = token[-1], len(token)
    if letter in "fF":
        return _fraction(moment, token)
    numbers = {
        "H": moment.hour,
        "h": moment.hour % 12 or 12,
        "m": moment.minute,
        "s": moment.second,
    }
    if letter in numbers:
        return f"{numbers[letter]:0{min(size, 2)}}"
    if letter == "d":
        name = _DAYS[moment.weekday()]
        return f"{moment.day:0{size}}" if size <= 2 else name[:3] if size == 3 else name
    if letter == "M":
        name = _MONTHS[moment.month - 1]
        return f"{moment.month:0{size}}" if size <= 2 else name[:3] if size == 3 else name
    if letter == "y":
        return f"{moment.year % 100:0{size}}" if size <= 2 else f"{moment.year:0{size}}"
    if letter == "t":
        return ("AM" if moment.hour < 12 else "PM")[:size]
    if letter == "g":
        return "A.D."
    if letter == "K":
        offset = moment.utcoffset()
        return "" if offset is None else "Z" if not offset else _offset(offset, 3)
    if letter == "z":
        return _offset(moment.utcoffset() or timedelta(), size)
    return token


def _fraction(moment: datetime, token: str) -> str:
    size = len(token.lstrip("."))
    if size > 7:
        raise ValueError(f"'{token}' asks for more than seven digits of a second")
    digits = f"{moment.microsecond:06}0"[:size]
    if token[-1] == "f":
        return digits
    digits = digits.rstrip("0")
    # a dot that stands before the digits goes with them
    return f".{digits}" if digits and token.startswith(".") else digits


def _offset(offset: timedelta, size: int) -> str:
    minutes = int(offset.total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    hours, rest = divmod(abs(minutes), 60)
    return f"{sign}{hours:0{min(size, 2)}}" + (f":{rest:02}" if size > 2 else "")


def format_guid(value: UUID, pattern: str = "") -> str:
    """A GUID by the format N, D (the default), B, P or X. Raises ValueError for another."""
    form = pattern.upper() or "D"
    if form == "X":
        tail = ",".join(f"0x{byte:02x}" for byte in value.bytes[8:])
        low, mid, high = value.fields[:3]
        return f"{{0x{low:08x},0x{mid:04x},0x{high:04x},{{{tail}}}}}"
    forms = {"N": value.hex, "D": str(value), "B": f"{{{value}}}", "P": f"({value})"}
    if form not in forms:
        raise ValueError(f"'{pattern}' is no GUID format (there are: N, D, B, P, X)")
    return forms[form]


def to_text(value: object, pattern: str = "") -> str:
    """A value as a binding expression writes it; the format applies to dates and GUIDs only.

    Nothing for null, objects, arrays and bytes. Raises ValueError for a wrong format.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return format_double(value)
    if isinstance(value, datetime):
        return format_datetime(value, pattern)
    if isinstance(value, UUID):
        return format_guid(value, pattern)
    return ""
