"""Binding expressions: `{name}`, `{a.b}`, `{datetime:yyyy-MM}`; literal braces are doubled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lazulite.errors import ExpressionError
from lazulite.expr.dotnet import to_text
from lazulite.expr.names import Builtins, lookup


@dataclass(frozen=True)
class Expression:
    """`{path:format}`."""

    path: str
    format: str = ""

    def __str__(self) -> str:
        return f"{{{self.path}:{self.format}}}" if self.format else f"{{{self.path}}}"


@dataclass(frozen=True)
class Template:
    """A text with expressions: literal pieces (braces single) and expressions in their order."""

    text: str
    parts: tuple[str | Expression, ...]

    @classmethod
    def parse(cls, text: str) -> Template:
        """Raises ExpressionError for braces that are empty or have no pair."""
        parts: list[str | Expression] = []
        literal, at = "", 0
        while at < len(text):
            brace = min((i for i in (text.find("{", at), text.find("}", at)) if i >= 0), default=-1)
            if brace < 0:
                break
            literal += text[at:brace]
            at = brace + 1
            if text[at : at + 1] == text[brace]:
                literal += text[brace]
                at += 1
                continue
            if text[brace] == "}":
                raise _invalid(text, f"the '}}' at position {brace} has no '{{' before it")
            end = text.find("}", at)
            if end < 0 or "{" in text[at:end]:
                raise _invalid(text, f"the '{{' at position {brace} has no '}}' after it")
            if literal:
                parts.append(literal)
                literal = ""
            parts.append(_expression(text, text[at:end], brace))
            at = end + 1
        literal += text[at:]
        return cls(text, (*parts, literal) if literal else tuple(parts))

    @property
    def names(self) -> tuple[str, ...]:
        """The paths of the expressions, in their order."""
        return tuple(part.path for part in self.parts if isinstance(part, Expression))

    def resolve(self, names: Mapping[str, Any], builtins: Builtins | None = None) -> str:
        """The text with each expression replaced by its value.

        Raises ExpressionError for a name without value, a member that does not exist, or a
        format that its value cannot take.
        """
        base = builtins or Builtins()
        return "".join(
            part if isinstance(part, str) else evaluate_text(part, names, base)
            for part in self.parts
        )


@dataclass(frozen=True)
class BoundNames:
    """The names of one invocation, ready to resolve templates: what bindings are handed."""

    names: Mapping[str, Any]
    builtins: Builtins = field(default_factory=Builtins)

    def resolve(self, template: str) -> str:
        """See Template.parse and Template.resolve."""
        return Template.parse(template).resolve(self.names, self.builtins)


def evaluate_text(part: Expression, names: Mapping[str, Any], builtins: Builtins) -> str:
    """One expression's value as text. Raises ExpressionError."""
    value = lookup(names, builtins, part.path)
    try:
        return to_text(value, part.format)
    except ValueError as error:
        raise ExpressionError(f"Invalid format in '{part}': {error}.") from None


def resolve_all(value: Any, names: Mapping[str, Any], builtins: Builtins | None = None) -> Any:
    """A JSON-able value with every string in it resolved (member names are left alone)."""
    if isinstance(value, str):
        return Template.parse(value).resolve(names, builtins)
    if isinstance(value, Mapping):
        return {name: resolve_all(member, names, builtins) for name, member in value.items()}
    if isinstance(value, list):
        return [resolve_all(member, names, builtins) for member in value]
    return value


def _expression(text: str, inside: str, brace: int) -> Expression:
    path, _, pattern = inside.partition(":")
    if not path or "" in path.split("."):
        raise _invalid(text, f"the expression at position {brace} has an empty name")
    return Expression(path, pattern)


def _invalid(text: str, what: str) -> ExpressionError:
    return ExpressionError(
        f"Invalid template '{text}': {what}.", hint="A brace that stands for itself is doubled."
    )
