"""Route constraints: what `{name:constraint}` accepts. Rules of ASP.NET Core's default constraints.

A constraint is a plain function from a decoded route value to bool.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from lazulite.web.dates import is_datetime

Constraint = Callable[[str], bool]

_INTEGER = re.compile(r"\s*[+-]?[0-9]+\s*", re.ASCII)
_DECIMAL = re.compile(r"\s*[+-]?(?:[0-9][0-9,]*\.?[0-9]*|\.[0-9]+)[+-]?\s*", re.ASCII)
_FLOAT = re.compile(
    r"\s*[+-]?(?:(?:[0-9][0-9,]*\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|nan|infinity|∞)\s*",
    re.ASCII | re.IGNORECASE,
)
_HEX = "[0-9a-f]"
_GUID_X = (
    r"\{\s*0x[0-9a-f]{1,8}\s*(?:,\s*0x[0-9a-f]{1,4}\s*){2},"
    r"\s*\{\s*0x[0-9a-f]{1,2}\s*(?:,\s*0x[0-9a-f]{1,2}\s*){7}\}\s*\}"
)
_DASHED = f"{_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}}"
_GUID = re.compile(
    rf"\s*(?:{_HEX}{{32}}|{_DASHED}|\{{{_DASHED}\}}|\({_DASHED}\)|{_GUID_X})\s*",
    re.ASCII | re.IGNORECASE,
)
_ALPHA = re.compile(r"[a-z]*", re.ASCII | re.IGNORECASE)
_LARGEST_DECIMAL = 79228162514264337593543950335


def parse_integer(text: str, bits: int) -> int | None:
    """The signed integer that `text` spells in invariant culture, or None; `bits` bounds it."""
    # int() of a very long digit string is slow and, from 4,300 digits, refused
    if len(text) > 64 or not _INTEGER.fullmatch(text):
        return None
    value = int(text)
    return value if -(1 << (bits - 1)) <= value < (1 << (bits - 1)) else None


def _is_decimal(text: str) -> bool:
    if len(text) > 256 or not _DECIMAL.fullmatch(text):
        return False
    bare = text.strip().strip("+-")
    signs = len(text.strip()) - len(bare)
    whole = bare.partition(".")[0].replace(",", "")
    return signs <= 1 and int(whole or "0") <= _LARGEST_DECIMAL


def _is_float(text: str) -> bool:
    return _FLOAT.fullmatch(text) is not None


def _is_file(text: str) -> bool:
    last = text.rpartition("/")[2]
    dot = last.find(".")
    return dot >= 0 and last[dot:].strip(".") != ""


_PLAIN: dict[str, Constraint] = {
    "int": lambda text: parse_integer(text, 32) is not None,
    "long": lambda text: parse_integer(text, 64) is not None,
    "bool": lambda text: text.strip().lower() in ("true", "false"),
    "datetime": is_datetime,
    "decimal": _is_decimal,
    "double": _is_float,
    "float": _is_float,
    "guid": lambda text: _GUID.fullmatch(text) is not None,
    "alpha": lambda text: _ALPHA.fullmatch(text) is not None,
    "required": lambda text: text != "",
    "file": _is_file,
    "nonfile": lambda text: not _is_file(text),
}
_SIZED = ("length", "minlength", "maxlength", "min", "max", "range")
NAMES: tuple[str, ...] = tuple(sorted([*_PLAIN, *_SIZED, "regex"]))


def constraint(name: str, arguments: str | None) -> Constraint:
    """The constraint `name(arguments)`; `arguments` is None where no parentheses were written.

    Raises ValueError saying what is wrong: an unknown name, wrong arguments, a bad regex.
    """
    kind = name.lower()
    plain = _PLAIN.get(kind)
    if plain is not None:
        if arguments is not None:
            raise ValueError(f"the route constraint '{name}' takes no argument")
        return plain
    if kind == "regex":
        return _regex(arguments)
    if kind in _SIZED:
        return _sized(kind, _numbers(name, arguments))
    raise ValueError(f"'{name}' is no route constraint (there are: {', '.join(NAMES)})")


def _numbers(name: str, arguments: str | None) -> list[int]:
    pieces = [] if arguments is None else arguments.split(",")
    wanted = {"length": (1, 2), "range": (2,)}.get(name.lower(), (1,))
    if len(pieces) not in wanted:
        counts = " or ".join(str(n) for n in wanted)
        raise ValueError(f"the route constraint '{name}' takes {counts} argument(s)")
    numbers = [parse_integer(piece, 64) for piece in pieces]
    found = [n for n in numbers if n is not None]
    if len(found) != len(pieces):
        raise ValueError(f"the route constraint '{name}({arguments})' needs whole numbers")
    if name.lower().endswith("length") and min(found) < 0:
        raise ValueError(f"the route constraint '{name}({arguments})' has a negative length")
    if len(found) == 2 and found[0] > found[1]:
        raise ValueError(f"the route constraint '{name}({arguments})' has its bounds swapped")
    return found


def _sized(kind: str, numbers: list[int]) -> Constraint:
    low, high = numbers[0], numbers[-1]
    if kind == "length":
        return lambda text: low <= len(text) <= high
    if kind == "minlength":
        return lambda text: len(text) >= low
    if kind == "maxlength":
        return lambda text: len(text) <= high
    at_least = low if kind in ("min", "range") else None
    at_most = high if kind in ("max", "range") else None

    def within(text: str) -> bool:
        value = parse_integer(text, 64)
        if value is None:
            return False
        return (at_least is None or value >= at_least) and (at_most is None or value <= at_most)

    return within


def _regex(expression: str | None) -> Constraint:
    if not expression:
        raise ValueError("the route constraint 'regex' needs an expression")
    # templates double square brackets; .NET spells named groups and the end of the text otherwise
    python = expression.replace("[[", "[").replace("]]", "]")
    python = re.sub(r"\(\?<(?![=!])", "(?P<", python)
    python = re.sub(r"(?<!\\)((?:\\\\)*)\\[zZ]", r"\1\\Z", python)
    try:
        compiled = re.compile(python, re.IGNORECASE)
    except re.error as error:
        raise ValueError(
            f"the route constraint 'regex({expression})' is no regular expression: {error}"
        ) from None
    return lambda text: compiled.search(text) is not None
