"""The names that binding expressions of one invocation can use, and what they stand for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any
from uuid import UUID, uuid4

from lazulite.errors import ExpressionError


class NameTable(Mapping[str, Any]):
    """A mapping whose keys are matched whatever their case; a later pair hides an earlier one."""

    def __init__(self, pairs: Mapping[str, Any] | Iterable[tuple[str, Any]] = ()) -> None:
        self._names: dict[str, tuple[str, Any]] = {}
        for name, value in pairs.items() if isinstance(pairs, Mapping) else pairs:
            self._names[name.lower()] = (name, value)

    def __getitem__(self, name: str) -> Any:
        return self._names[name.lower()][1]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._names

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._names.values())

    def __len__(self) -> int:
        return len(self._names)


def _now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass(frozen=True)
class Builtins:
    """What every invocation can name: `rand-guid`, `datetime` and the members of `sys`."""

    function: str = ""
    now: Callable[[], datetime] = _now
    guid: Callable[[], UUID] = uuid4

    def get(self, name: str) -> Any:
        """The value of an unbound name, None where there is none."""
        return {"rand-guid": self.guid, "datetime": self.now}.get(name.lower(), lambda: None)()

    def system(self, member: str) -> Any:
        """`sys.<member>`. Raises KeyError."""
        members: dict[str, Callable[[], object]] = {
            "methodname": lambda: self.function,
            "utcnow": self.now,
            "randguid": self.guid,
        }
        return members[member.lower()]()


@dataclass(frozen=True)
class HttpNames:
    """The parts of a request that expressions can name; values decoded.

    query: pairs in their order, repeated names included. headers: one value a name.
    """

    query: Iterable[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    route: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


_NO_JSON = ("multipart/", "application/octet-stream")


def binding_names(
    metadata: Mapping[str, Any], text: str | None = None, http: HttpNames | None = None
) -> NameTable:
    """The names of one invocation, in the original's order, later ones hiding earlier ones.

    The trigger's metadata; the members of the trigger's value where that is the text of a JSON
    object; of an HTTP request the members of its JSON body, the query (without `code`), the route,
    and `Query` and `Headers` as a whole. Members that are null or arrays are left out.
    """
    pairs: list[tuple[str, Any]] = list(metadata.items())
    if text is not None:
        pairs += json_members(text)
    if http is not None:
        pairs += _http_pairs(http)
    return NameTable(pairs)


def json_members(text: str) -> list[tuple[str, Any]]:
    """The members of a JSON object that can be named; none where the text is no JSON object."""
    bare = text.strip().removeprefix("\ufeff")
    if not (bare.startswith("{") and bare.endswith("}")):
        return []
    try:
        value = json.loads(bare)
    except (ValueError, RecursionError):
        return []
    return [(k, v) for k, v in value.items() if v is not None and not isinstance(v, list)]


def _http_pairs(http: HttpNames) -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    headers = NameTable(http.headers)
    kind = str(headers.get("content-type", "")).lower()
    if http.body and not kind.startswith(_NO_JSON):
        try:
            pairs += json_members(http.body.decode("utf-8-sig"))
        except UnicodeDecodeError:
            pass
    query = list(http.query)
    pairs += [(name, value) for name, value in query if name.lower() != "code"]
    pairs += http.route.items()
    whole = {"Query": NameTable(query), "Headers": headers}
    return [*pairs, *whole.items(), ("$request", whole)]


def lookup(names: Mapping[str, Any], builtins: Builtins, path: str) -> Any:
    """The value of `a.b.c`. Raises ExpressionError for a name or a member that is not there."""
    table = names if isinstance(names, NameTable) else NameTable(names)
    first, dot, rest = path.partition(".")
    if first.lower() == "sys" and dot:
        try:
            return builtins.system(rest)
        except KeyError:
            raise _no_member(rest, path) from None
    if path in table:
        return table[path]
    if first not in table:
        value = builtins.get(first)
        if value is None:
            raise ExpressionError(f"No value for named parameter '{first}'.")
        if dot:
            raise _no_member(rest.partition(".")[0], path)
        return value
    return _member(table[first], rest, path) if dot else table[first]


def _member(value: Any, path: str, whole: str) -> Any:
    if isinstance(value, Mapping):
        table = value if isinstance(value, NameTable) else NameTable(value)
        # a member whose own name has dots, a query parameter for instance
        if path in table:
            return table[path]
        first, dot, rest = path.partition(".")
        if dot and first in table:
            return _member(table[first], rest, whole)
    raise _no_member(path.partition(".")[0], whole)


def _no_member(member: str, path: str) -> ExpressionError:
    hint = f"In '{{{path}}}'." if path != member else None
    return ExpressionError(f"Error while accessing '{member}': property doesn't exist.", hint=hint)
