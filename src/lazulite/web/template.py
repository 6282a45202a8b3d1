"""Route templates: `items/{id:int}/{name?}`, `files/{*path}`, `report-{year}.{format}`.

The grammar is ASP.NET Core's. Braces that stand for themselves are doubled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

Constraint = Callable[[str], bool]


class RouteError(ValueError):
    """A route template that cannot be used. The message says what is wrong with it."""


class Parameter(NamedTuple):
    """`{name}` with all that may stand in its braces. `text` is what stood there."""

    name: str
    text: str
    optional: bool
    catch_all: bool
    default: str | None
    constraints: tuple[Constraint, ...]


Part = str | Parameter  # a literal, unescaped, or a parameter


class Template(NamedTuple):
    """A parsed template: its segments, each a tuple of one or more parts."""

    text: str
    segments: tuple[tuple[Part, ...], ...]

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return tuple(p for s in self.segments for p in s if isinstance(p, Parameter))

    @property
    def is_literal(self) -> bool:
        return not self.parameters


def parse_template(text: str) -> Template:
    """Parse a template, prefix included. Raises RouteError.

    One leading `/` (or `~/`) and one trailing `/` are allowed and mean nothing.
    """
    try:
        return _parse(text)
    except ValueError as error:
        raise RouteError(f"Route '{text}': {error}.") from None


def join_route(prefix: str, route: str) -> str:
    """The full template of a route: prefix and route with one `/` between, nothing trimmed."""
    return f"{prefix}/{route}" if prefix else route


def _parse(text: str) -> Template:
    bare = text[2:] if text.startswith("~/") else text.removeprefix("/")
    if bare.startswith("~"):
        raise ValueError("it may start with '~' only when a '/' follows")
    segments: list[tuple[Part, ...]] = []
    pieces = _segments(bare)
    if pieces and not pieces[-1]:
        pieces.pop()
    for number, piece in enumerate(pieces):
        if not piece:
            raise ValueError("it has an empty segment ('//')")
        segment = _segment(piece)
        if any(isinstance(p, Parameter) and p.catch_all for p in segment):
            if len(segment) > 1:
                raise ValueError(f"the catch-all in '{piece}' needs a segment of its own")
            if number != len(pieces) - 1:
                raise ValueError(f"the catch-all '{piece}' must be the last segment")
        segments.append(segment)
    template = Template(text, tuple(segments))
    seen: set[str] = set()
    for parameter in template.parameters:
        if parameter.name.lower() in seen:
            raise ValueError(f"the parameter '{parameter.name}' appears more than once")
        seen.add(parameter.name.lower())
    return template


def _segments(text: str) -> list[str]:
    """Split at the slashes that are outside parameters."""
    pieces, start, at = [], 0, 0
    while at < len(text):
        if text[at] == "{" and text[at + 1 : at + 2] != "{":
            at = _end_of_parameter(text, at)
        elif text[at] in "{}":
            if text[at + 1 : at + 2] != text[at]:
                raise ValueError("it has a '}' without its '{' (a literal brace is doubled: '}}')")
            at += 1
        elif text[at] == "/":
            pieces.append(text[start:at])
            start = at + 1
        at += 1
    return [*pieces, text[start:]]


def _end_of_parameter(text: str, start: int) -> int:
    """The index of the `}` that closes the parameter opened at `start`."""
    at = start + 1
    while at < len(text):
        if text[at] in "{}":
            if text[at + 1 : at + 2] == text[at]:
                at += 1
            elif text[at] == "}":
                return at
            else:
                raise ValueError("it has a '{' inside a parameter (double it: '{{')")
        at += 1
    raise ValueError("it has a '{' without its '}'")


def _segment(text: str) -> tuple[Part, ...]:
    parts: list[Part] = []
    literal, at = "", 0
    while at < len(text):
        if text[at] == "{" and text[at + 1 : at + 2] != "{":
            if literal:
                parts.append(literal)
                literal = ""
            end = _end_of_parameter(text, at)
            parts.append(_parameter(text[at + 1 : end].replace("{{", "{").replace("}}", "}")))
            at = end + 1
            continue
        if text[at] == "?":
            raise ValueError(f"the literal in '{text}' has a '?'")
        literal += text[at]
        at += 2 if text[at] in "{}" else 1
    if literal:
        parts.append(literal)
    _check_segment(text, parts)
    return tuple(parts)


def _check_segment(text: str, parts: list[Part]) -> None:
    for number, part in enumerate(parts):
        if isinstance(part, str):
            continue
        before = parts[number - 1] if number else None
        if isinstance(before, Parameter):
            raise ValueError(f"'{text}' has two parameters with nothing between them")
        if part.optional and len(parts) > 1:
            if number != len(parts) - 1:
                raise ValueError(f"the optional parameter in '{text}' must end the segment")
            if before != ".":
                raise ValueError(f"only a '.' can stand before the optional parameter in '{text}'")


def _parameter(text: str) -> Parameter:
    bare = text
    catch_all = bare.startswith("*")
    if catch_all:
        bare = bare[2:] if bare.startswith("**") else bare[1:]
    optional = bare.endswith("?") and "=" not in _head(bare)
    if optional:
        bare = bare[:-1]
    cut = min((i for i in (bare.find(":"), bare.find("=")) if i >= 0), default=len(bare))
    name, rest = bare[:cut], bare[cut:]
    if not name or any(c in name for c in "{}/?*"):
        raise ValueError(f"'{{{text}}}' has no usable parameter name")
    constraints: list[Constraint] = []
    while rest.startswith(":"):
        kind, arguments, rest = _constraint(rest[1:])
        if kind or arguments is not None:
            # here, because most apps have no constraint and its expressions take time to compile
            from lazulite.web.constraints import constraint

            constraints.append(constraint(kind, arguments))
    default = rest[1:] if rest.startswith("=") else None
    if default is not None and default.endswith("?"):
        raise ValueError(f"'{{{text}}}' is optional and has a default: it can have one of them")
    if catch_all and optional:
        raise ValueError(f"the catch-all '{{{text}}}' cannot be optional (it may be empty anyway)")
    return Parameter(name, text, optional, catch_all, default, tuple(constraints))


def _head(text: str) -> str:
    """`text` without the arguments of its constraints, in which `=` means nothing."""
    return text[: text.find("(")] + text[text.rfind(")") + 1 :] if "(" in text else text


def _constraint(text: str) -> tuple[str, str | None, str]:
    """Split `name(arguments)rest`; a `)` closes where `:`, `=` or the end follows it."""
    at = 0
    while at < len(text) and text[at] not in ":=(":
        at += 1
    if at == len(text) or text[at] != "(":
        return text[:at], None, text[at:]
    close = at + 1
    while close < len(text):
        if text[close] == ")" and text[close + 1 : close + 2] in ("", ":", "="):
            return text[:at], text[at + 1 : close], text[close + 1 :]
        close += 1
    raise ValueError(f"the route constraint '{text}' has a '(' without its ')'")
