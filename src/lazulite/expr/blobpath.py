"""Blob paths: patterns that a trigger watches, and the paths that inputs and outputs name."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lazulite.errors import ExpressionError
from lazulite.expr.template import Expression, Template

_CONTAINER = re.compile(r"(?=.{3,63}\Z)[a-z0-9](?:-?[a-z0-9])*|\$(?:root|web|logs)", re.ASCII)
_LONGEST = 1024


@dataclass(frozen=True)
class BlobPattern:
    """`container/pattern`, each `{name}` in the pattern standing for any characters."""

    text: str
    container: str
    parts: tuple[str | Expression, ...]

    @classmethod
    def parse(cls, text: str) -> BlobPattern:
        """A container alone means all its blobs. Raises ExpressionError."""
        container, slash, pattern = text.partition("/")
        if "{" in container or "}" in container:
            raise ExpressionError("Container paths cannot contain {resolve} tokens.")
        if not container or (slash and not pattern):
            raise ExpressionError(
                f"Invalid blob trigger path '{text}'. Paths must be in the format 'container/blob'."
            )
        _check_container(container, text)
        template = Template.parse(pattern)
        seen: set[str] = set()
        for part in template.parts:
            if isinstance(part, Expression):
                _check_name(part, seen, text)
                seen.add(part.path.lower())
        return cls(text, container, template.parts)

    @property
    def names(self) -> tuple[str, ...]:
        """The names the pattern defines, in their order."""
        return tuple(part.path for part in self.parts if isinstance(part, Expression))

    @property
    def prefix(self) -> str:
        """What the name of every matching blob starts with."""
        first = self.parts[0] if self.parts else ""
        return first if isinstance(first, str) else ""

    def match(self, container: str, blob: str) -> dict[str, str] | None:
        """The names' values where the whole blob name fits (case counts), None where not.

        As with greedy captures, the first name takes as much as it can, then the second, ...
        """
        if container != self.container:
            return None
        return _match(self.parts, blob) if self.parts else {}


def _match(parts: tuple[str | Expression, ...], blob: str) -> dict[str, str] | None:
    start, end = 0, len(blob)
    middle = list(parts)
    first = middle[0]
    if isinstance(first, str):
        if not blob.startswith(first):
            return None
        start = len(first)
        middle.pop(0)
    if not middle:
        return {} if start == end else None
    last = middle[-1]
    if isinstance(last, str):
        end -= len(last)
        if end < start or not blob.endswith(last):
            return None
        middle.pop()
    found: dict[str, str] = {}
    # from the right: the rightmost place of each literal leaves most to the names on its left
    pending: list[str] = []
    for part in reversed(middle):
        if isinstance(part, Expression):
            pending.append(part.path)
            continue
        at = blob.rfind(part, start, end)
        if at < 0:
            return None
        _share(found, pending, blob[at + len(part) : end])
        pending, end = [], at
    _share(found, pending, blob[start:end])
    return {part.path: found[part.path] for part in parts if isinstance(part, Expression)}


def _share(found: dict[str, str], names: list[str], value: str) -> None:
    """Of names with nothing between them the leftmost (the last here) takes all."""
    for name in names[:-1]:
        found[name] = ""
    found[names[-1]] = value


def _check_name(part: Expression, seen: set[str], text: str) -> None:
    if part.format or "." in part.path:
        raise ExpressionError(
            f"'{part}' in the blob path '{text}' is no plain name.",
            hint="A trigger's path defines names; it cannot use formats or members.",
        )
    if part.path.lower() in seen:
        raise ExpressionError(f"The name '{part.path}' appears twice in the blob path '{text}'.")


def split_blob_path(text: str) -> tuple[str, str]:
    """Container and blob name of the path of an input or output, its expressions replaced.

    Raises ExpressionError where Azure could not have such a container or blob.
    """
    container, _, blob = text.partition("/")
    if not container or not blob:
        raise ExpressionError(
            f"Invalid blob path '{text}'. Paths must be in the format 'container/blob'."
        )
    _check_container(container, text)
    if len(blob) > _LONGEST:
        raise ExpressionError(f"The blob name '{blob}' is longer than {_LONGEST} characters.")
    wrong = sorted({c for c in blob if c in "\\[]" or ord(c) < 0x20 or ord(c) == 0x7F})
    if wrong:
        listed = " ".join(repr(c) for c in wrong)
        raise ExpressionError(f"The blob name '{blob}' has characters it cannot have: {listed}.")
    if blob.endswith((".", "/")):
        raise ExpressionError(f"The blob name '{blob}' ends with a dot or a slash.")
    return container, blob


def _check_container(container: str, text: str) -> None:
    if not _CONTAINER.fullmatch(container):
        raise ExpressionError(
            f"'{container}' in the blob path '{text}' is no container name.",
            hint="It has 3 to 63 lower-case letters, digits and single hyphens between them.",
        )
