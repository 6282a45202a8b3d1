"""A section of a settings file, read by name whatever the case, with errors that name the place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lazulite.config.jsonc import Step, locate
from lazulite.errors import ConfigError, Where

_VARIABLE = "AzureFunctionsJobHost"


@dataclass(frozen=True)
class Source:
    """Where values come from: a file with its text, and variables that override its members.

    overrides: environment variable by lower-case path.
    """

    file: str = ""
    text: str = ""
    overrides: Mapping[tuple[str, ...], str] = field(default_factory=dict)

    def where(self, path: tuple[Step, ...]) -> Where:
        """File, line and column of the value at `path`, or the variable that gave it."""
        folded = tuple(str(step).lower() for step in path)
        for length in range(len(folded), 0, -1):
            if folded[:length] in self.overrides:
                return Where(f"environment variable {self.overrides[folded[:length]]}")
        if not self.text:
            return Where(self.file or None)
        return Where(self.file or None, *locate(self.text, *path))


class Section(Mapping[str, Any]):
    """An object of a settings file: a mapping whose names match whatever their case.

    Of members that differ in case only, an exact match wins, else the last.
    """

    def __init__(
        self,
        values: Mapping[str, Any] | None = None,
        path: tuple[Step, ...] = (),
        source: Source | None = None,
    ) -> None:
        self.values_as_written: Mapping[str, Any] = values or {}
        self.path = path
        self.source = source or Source()
        self._names = {name.lower(): name for name in self.values_as_written}

    def __getitem__(self, name: str) -> Any:
        if name in self.values_as_written:
            return self.values_as_written[name]
        return self.values_as_written[self._names[name.lower()]]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_as_written)

    def __len__(self) -> int:
        return len(self.values_as_written)

    def __repr__(self) -> str:
        return f"Section({dict(self)!r})"

    def section(self, *names: str) -> Section:
        """The section at that path below this one; empty when it is absent or null.

        Raises ConfigError when something else than an object is there.
        """
        here = self
        for name in names:
            value = here.get(name)
            if value is not None and not isinstance(value, Mapping):
                raise here.error(name, f"'{here.key(name)}' must be an object.")
            here = Section(value, (*here.path, here._names.get(name.lower(), name)), here.source)
        return here

    def _written(self, name: str) -> str:
        return name if name in self.values_as_written else self._names.get(name.lower(), name)

    def key(self, name: str) -> str:
        """The member's dotted path in the file, for messages."""
        text = ""
        for step in (*self.path, self._written(name)):
            text += f"[{step}]" if isinstance(step, int) else f".{step}"
        return text.removeprefix(".")

    def error(self, name: str, message: str, hint: str | None = None) -> ConfigError:
        """A ConfigError about a member, with its place."""
        return ConfigError(message, where=self.source.where((*self.path, name)), hint=hint)


def plain(value: Any) -> Any:
    """A section, and all below it, as ordinary dicts and lists."""
    if isinstance(value, Mapping):
        return {name: plain(value[name]) for name in value}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def with_overrides(
    values: Mapping[str, Any], environ: Mapping[str, str]
) -> tuple[dict[str, Any], dict[tuple[str, ...], str]]:
    """The values with `AzureFunctionsJobHost__a__b` (or `:`) variables laid over them.

    Array members are addressed by index (`__0`). Returns the merged values and the variable by
    lower-case path. Names match whatever their case.
    """
    merged = dict(values)
    overrides: dict[tuple[str, ...], str] = {}
    for variable in sorted(environ, key=_by_index):
        prefix, *steps = variable.replace("__", ":").split(":")
        if prefix.lower() == _VARIABLE.lower() and steps and all(steps):
            merged = _put(merged, steps, environ[variable])
            overrides[tuple(step.lower() for step in steps)] = variable
    return merged, overrides


def _by_index(variable: str) -> list[tuple[int, str]]:
    """Sort key that puts `__10` after `__9`."""
    steps = variable.replace("__", ":").split(":")
    return [(int(step), "") if step.isdecimal() else (-1, step) for step in steps]


def _put(container: Any, steps: list[str], value: str) -> Any:
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if step.isdecimal() and not (isinstance(container, Mapping) and container):
        items = list(container) if isinstance(container, list) else []
        index = int(step)
        if index < len(items):
            items[index] = _put(items[index], rest, value)
        else:
            items.append(_put(None, rest, value))
        return items
    members = dict(container) if isinstance(container, Mapping) else {}
    name = next((n for n in reversed(members) if n.lower() == step.lower()), step)
    members[name] = _put(members.get(name), rest, value)
    return members
