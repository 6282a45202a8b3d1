"""Which function answers a request: templates matched in declaration order.

The original has no order of specificity: the first function (by name) whose template, constraints
and methods match wins. A wrong method is no match, HEAD is not GET.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from lazulite.web.template import (
    Parameter,
    Part,
    RouteError,
    Template,
    parse_template,
)

_COMMON_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT")


class Match(NamedTuple):
    """The route that answers: its name, its place in the table, its parameters.

    `params` may be shared between requests: copy it before changing it.
    """

    name: str
    order: int
    params: Mapping[str, str]


class _Route(NamedTuple):
    name: str
    order: int
    template: Template
    methods: frozenset[str] | None


class _Node:
    """One step of the index: what the routes that came this far ask of the next segment."""

    __slots__ = ("catch_alls", "ends", "literals", "wild")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.wild: _Node | None = None
        self.ends: list[_Route] = []
        self.catch_alls: list[_Route] = []


class RouteTable:
    """Routes in order of precedence, indexed so that a lookup does not depend on their number.

    routes: (name, template with prefix, methods); methods None = all, empty = none. Raises
    RouteError naming the route whose template is wrong.
    """

    def __init__(
        self, routes: Iterable[tuple[str, str | Template, Iterable[str] | None]] = ()
    ) -> None:
        self._root = _Node()
        table = [_route(index, *route) for index, route in enumerate(routes)]
        for route in table:
            self._insert(route)
        self._exact: dict[str, dict[str, Match]] = {}
        for route in table:
            if route.template.is_literal:
                path = "".join(f"/{segment[0]}" for segment in route.template.segments) or "/"
                for spelling in (path, fold(path)):
                    if spelling not in self._exact:
                        self._exact[spelling] = self._answers(spelling)

    def match(self, method: str, path: str) -> Match | None:
        """The route for a decoded path (`/` first, no query), or None."""
        try:
            return self._exact[path][method]
        except KeyError:
            return self._search(method.upper(), path)

    def _search(self, method: str, path: str) -> Match | None:
        segments = split_path(path)
        for route in self._candidates(segments):
            if route.methods is None or method in route.methods:
                params = _capture(route.template, segments, path)
                if params is not None:
                    return Match(route.name, route.order, params)
        return None

    def _answers(self, path: str) -> dict[str, Match]:
        """What each method gets at a path that some route spells out."""
        answers: dict[str, Match] = {}
        segments = split_path(path)
        for route in self._candidates(segments):
            params = _capture(route.template, segments, path)
            if params is not None:
                methods = _COMMON_METHODS if route.methods is None else route.methods
                for method in methods:
                    answers.setdefault(method, Match(route.name, route.order, params))
                if route.methods is None:
                    break
        return answers

    def _insert(self, route: _Route) -> None:
        node = self._root
        segments = route.template.segments
        for number, segment in enumerate(segments):
            if _may_end(segments[number:]):
                node.ends.append(route)
            first = segment[0]
            if isinstance(first, Parameter) and first.catch_all:
                node.catch_alls.append(route)
                return
            if isinstance(first, str) and len(segment) == 1:
                node = node.literals.setdefault(fold(first), _Node())
            else:
                node.wild = node.wild or _Node()
                node = node.wild
        node.ends.append(route)

    def _candidates(self, segments: Sequence[str]) -> list[_Route]:
        """The routes whose literals and length fit, in order."""
        found: list[_Route] = []
        nodes = [self._root]
        for segment in segments:
            if not segment:
                # an empty segment ends all but the catch-alls that began before it
                nodes = []
                break
            following: list[_Node] = []
            for node in nodes:
                if node.catch_alls:
                    found += node.catch_alls
                literal = node.literals.get(segment) or node.literals.get(fold(segment))
                if literal is not None:
                    following.append(literal)
                if node.wild is not None:
                    following.append(node.wild)
            nodes = following
            if not nodes:
                break
        for node in nodes:
            found += node.ends
        if len(found) > 1:
            found.sort(key=_order)
        return found


def _route(
    index: int, name: str, template: str | Template, methods: Iterable[str] | None
) -> _Route:
    if isinstance(template, str):
        try:
            template = parse_template(template)
        except RouteError as error:
            raise RouteError(f"Function '{name}': {error}") from None
    upper = None if methods is None else frozenset(m.upper() for m in methods)
    return _Route(name, index, template, upper)


def _order(route: _Route) -> int:
    return route.order


def _may_end(rest: Sequence[tuple[Part, ...]]) -> bool:
    """Whether a path may end before these segments: each is optional, defaulted or a catch-all."""
    for segment in rest:
        part = segment[0]
        if len(segment) > 1 or isinstance(part, str):
            return False
        if not (part.optional or part.catch_all or part.default is not None):
            return False
    return True


def split_path(path: str) -> list[str]:
    """The segments of a path; one leading and one trailing slash mean nothing."""
    bare = path.removeprefix("/").removesuffix("/")
    return bare.split("/") if bare or path.startswith("//") else []


def fold(text: str) -> str:
    """Lower case without changing the length, as ordinal comparison ignores case."""
    if text.isascii():
        return text.lower()
    return "".join(low if len(low := c.lower()) == 1 else c for c in text)


def _capture(template: Template, segments: Sequence[str], path: str) -> dict[str, str] | None:
    """The parameters, given that literals and length fit; None where a constraint fails."""
    params: dict[str, str] = {}
    for number, segment in enumerate(template.segments):
        part = segment[0]
        if len(segment) > 1:
            if not _capture_mixed(segment, segments[number], params):
                return None
            continue
        if isinstance(part, str):
            continue
        if part.catch_all:
            start = sum(map(len, segments[:number])) + number
            value = path.removeprefix("/")[start:] or part.default or ""
        elif number < len(segments):
            value = segments[number]
        elif part.default is not None:
            value = part.default
        else:
            continue
        for check in part.constraints:
            if not check(value):
                return None
        params[part.name] = value
    return params


def _capture_mixed(parts: Sequence[Part], text: str, params: dict[str, str]) -> bool:
    last = parts[-1]
    if isinstance(last, Parameter) and last.optional:
        if text.endswith("."):
            return False
        found = _split_mixed(parts, text) or _split_mixed(parts[:-2], text)
    else:
        found = _split_mixed(parts, text)
    if found is None:
        return False
    for part in parts:
        if not isinstance(part, Parameter):
            continue
        value = found.get(part.name, part.default)
        if value is None:
            continue
        if not all(check(value) for check in part.constraints):
            return False
        params[part.name] = value
    return True


def _split_mixed(parts: Sequence[Part], text: str) -> dict[str, str] | None:
    """Cut a segment at its literals, from the right, each parameter at least one character.

    The rightmost place of each literal leaves most room on its left, so no other need be tried.
    """
    folded, start, end = fold(text), 0, len(text)
    found: dict[str, str] = {}
    middle = list(parts)
    first, last = parts[0], parts[-1]
    if isinstance(first, str):
        literal = fold(first)
        middle.pop(0)
        if not folded.startswith(literal):
            return None
        start = len(literal)
    if middle and isinstance(last, str):
        literal = fold(last)
        middle.pop()
        end -= len(literal)
        if end < start or not folded.endswith(literal):
            return None
    pending: Parameter | None = None
    for part in reversed(middle):
        if isinstance(part, Parameter):
            pending = part
            continue
        assert pending is not None
        at = folded.rfind(fold(part), start, end - 1)
        if at < 0:
            return None
        found[pending.name] = text[at + len(part) : end]
        end = at
    if pending is None or end <= start:
        return None
    found[pending.name] = text[start:end]
    return found


def is_reserved(route: str) -> bool:
    """Whether a route would hide the host's own: its first segment is `admin` or `runtime`.

    Takes the route without prefix, as the original does; that one refuses `administrators` too.
    """
    return route.strip("/").partition("/")[0].lower() in ("admin", "runtime")


def conflicting_route(
    route: str,
    methods: Iterable[str] | None,
    others: Iterable[tuple[str, str, Iterable[str] | None]],
) -> str | None:
    """The name of the first of `others` (name, route, methods) with the same route text, whatever
    its case, and a method in common; None where there is none."""
    wanted = route.strip("/").lower()
    mine = None if methods is None else {m.upper() for m in methods}
    for name, other, other_methods in others:
        if other.strip("/").lower() == wanted:
            theirs = None if other_methods is None else {m.upper() for m in other_methods}
            if mine is None or theirs is None or mine & theirs:
                return name
    return None
