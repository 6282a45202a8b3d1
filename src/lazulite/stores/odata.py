"""The OData filters of table queries: `PartitionKey eq 'a' and (Age ge 21 or not Active)`. No I/O.

The grammar is the part of OData v3 that Azure Tables serves: eq ne gt ge lt le, and or not,
parentheses; literals are '...' with '' for a quote, numbers (with L for 64 bits), true, false,
datetime'...', guid'...', X'...' and binary'...'.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from uuid import UUID

from lazulite.errors import StoreError

Predicate = Callable[[Mapping[str, Any]], bool]

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<typed>(?:datetime|guid|binary|X)'[^']*')
  | (?P<string>'(?:[^']|'')*')
  | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[LlDdFfMm]?)(?![\w.])
  | (?P<word>[A-Za-z_][\w.]*)
  | (?P<punctuation>[()])
    )""",
    re.VERBOSE,
)
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: bool(a == b),
    "ne": lambda a, b: bool(a != b),
    "gt": lambda a, b: bool(a > b),
    "ge": lambda a, b: bool(a >= b),
    "lt": lambda a, b: bool(a < b),
    "le": lambda a, b: bool(a <= b),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """A parsed filter. `matches` judges an entity; `keys` are values that PartitionKey and RowKey
    must have for a match, as far as the filter's form tells (for a look-up by key)."""

    matches: Predicate
    keys: Mapping[str, str]


def parse_filter(text: str) -> Filter:
    """The filter that `text` is; '' matches everything. Raises StoreError saying where it errs.

    A comparison with a property that the entity lacks, or of another type, is false, `ne` too, as
    in Azure Tables.
    """
    if not text.strip():
        return Filter(lambda entity: True, {})
    return _Parser(text).parse()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._split(text)
        self._next = 0
        self._depth = 0

    def parse(self) -> Filter:
        found = self._or()
        token = self._peek()
        if token is not None:
            raise self._error(f"'{token.text}' is not expected here", token.position)
        return found

    def _split(self, text: str) -> list[_Token]:
        tokens, position = [], 0
        while text[position:].strip():
            match = _TOKEN.match(text, position)
            if match is None:
                at = position + len(text[position:]) - len(text[position:].lstrip())
                raise self._error(f"'{text[at]}' begins nothing known", at)
            kind = str(match.lastgroup)
            tokens.append(_Token(kind, match.group(kind), match.start(kind)))
            position = match.end()
        return tokens

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self, *texts: str) -> bool:
        token = self._peek()
        if token is not None and token.kind != "string" and token.text in texts:
            self._next += 1
            return True
        return False

    def _or(self) -> Filter:
        left = self._and()
        while self._take("or"):
            left = Filter(_either(left.matches, self._and().matches), {})
        return left

    def _and(self) -> Filter:
        left = self._not()
        while self._take("and"):
            right = self._not()
            left = Filter(_both(left.matches, right.matches), {**left.keys, **right.keys})
        return left

    def _not(self) -> Filter:
        self._depth += 1
        if self._depth > 100:
            raise self._error("it is nested too deeply", 0)
        try:
            if self._take("not"):
                return Filter(_negated(self._not().matches), {})
            if self._take("("):
                inside = self._or()
                if not self._take(")"):
                    raise self._error("a ')' is missing", len(self._text))
                return inside
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Filter:
        left_name, left = self._operand()
        token = self._peek()
        if token is None or token.text not in _COMPARISONS:
            if left_name is not None:  # a boolean property stands for itself
                return Filter(_is_true(left_name), {})
            if isinstance(left, bool):
                return Filter(_constant(left), {})
            where = len(self._text) if token is None else token.position
            raise self._error("one of eq, ne, gt, ge, lt, le is missing", where)
        self._next += 1
        right_name, right = self._operand()
        keys = {}
        if token.text == "eq" and left_name in ("PartitionKey", "RowKey") and right_name is None:
            keys = {left_name: right} if isinstance(right, str) else {}
        compare = _COMPARISONS[token.text]
        return Filter(_compared(compare, left_name, left, right_name, right), keys)

    def _operand(self) -> tuple[str | None, Any]:
        """(property name, None) or (None, value)."""
        token = self._peek()
        if token is None:
            raise self._error("a property or value is missing", len(self._text))
        self._next += 1
        if token.kind == "word":
            if token.text in ("true", "false"):
                return None, token.text == "true"
            if token.text not in ("and", "or", "not", *_COMPARISONS):
                return token.text, None
        elif token.kind == "string":
            return None, token.text[1:-1].replace("''", "'")
        elif token.kind == "number":
            return None, _number(token.text)
        elif token.kind == "typed":
            try:
                return None, _typed(token.text)
            except ValueError:
                raise self._error(f"{token.text} is malformed", token.position) from None
        raise self._error(f"'{token.text}' is not expected here", token.position)

    def _error(self, problem: str, position: int) -> StoreError:
        return StoreError(
            f'The filter "{self._text}" is malformed at character {position + 1}: {problem}.',
            hint="A filter looks like: PartitionKey eq 'a' and Age ge 21",
        )


def _number(text: str) -> int | float:
    digits = text.rstrip("LlDdFfMm")
    if digits == text or text[-1] in "Ll":
        try:
            return int(digits)
        except ValueError:
            pass
    return float(digits)


def _typed(text: str) -> Any:
    kind, _, rest = text.partition("'")
    value = rest[:-1]
    if kind == "guid":
        return UUID(value)
    if kind == "datetime":
        return parse_time(value)
    return bytes.fromhex(value)


def parse_time(text: str) -> datetime:
    """An ISO 8601 instant, with or without zone (then UTC), with up to 7 digits of a second."""
    trimmed = re.sub(r"(\.\d{1,6})\d*", lambda m: m[1].ljust(7, "0"), text).replace("Z", "+00:00")
    time = datetime.fromisoformat(trimmed)
    return time if time.tzinfo else time.replace(tzinfo=timezone.utc)


def _both(a: Predicate, b: Predicate) -> Predicate:
    return lambda entity: a(entity) and b(entity)


def _either(a: Predicate, b: Predicate) -> Predicate:
    return lambda entity: a(entity) or b(entity)


def _negated(a: Predicate) -> Predicate:
    return lambda entity: not a(entity)


def _is_true(name: str) -> Predicate:
    return lambda entity: entity.get(name) is True


def _constant(value: bool) -> Predicate:
    return lambda entity: value


def _compared(
    compare: Callable[[Any, Any], bool],
    left_name: str | None,
    left: Any,
    right_name: str | None,
    right: Any,
) -> Predicate:
    def matches(entity: Mapping[str, Any]) -> bool:
        a = left if left_name is None else entity.get(left_name)
        b = right if right_name is None else entity.get(right_name)
        return _kind(a) == _kind(b) != "none" and compare(a, b)

    return matches


def _kind(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, (int, float)) else type(value).__name__
