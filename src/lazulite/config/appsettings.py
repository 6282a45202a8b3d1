"""App settings: the environment as the app's configuration sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from lazulite.errors import SettingError

_TRUE = frozenset({"1", "true"})


class AppSettings(Mapping[str, str]):
    """Environment variables by name, whatever the case; `__` and `:` mean the same.

    The exact name wins over one that differs in case. Iteration gives the variables' own names.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._exact = dict(environ)
        self._folded = {_fold(name): name for name in environ}

    def __getitem__(self, name: str) -> str:
        if name in self._exact:
            return self._exact[name]
        return self._exact[self._folded[_fold(name)]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._exact)

    def __len__(self) -> int:
        return len(self._exact)

    def section(self, prefix: str) -> dict[str, str]:
        """The settings below `prefix__`, by the rest of their names in lower case, `:` between."""
        start = _fold(prefix) + ":"
        return {
            folded[len(start) :]: self._exact[name]
            for folded, name in self._folded.items()
            if folded.startswith(start)
        }

    def is_true(self, name: str) -> bool:
        """Whether the setting is `1` or `true`."""
        return self.get(name, "").strip().lower() in _TRUE


def _fold(name: str) -> str:
    return name.lower().replace("__", ":")


def app_settings(environ: Mapping[str, str]) -> AppSettings:
    """`environ` itself when it is AppSettings already."""
    return environ if isinstance(environ, AppSettings) else AppSettings(environ)


def replace_settings(text: str, settings: Mapping[str, str]) -> str:
    """`text` with each `%NAME%` replaced by that setting. Replaced text is not looked at again.

    Raises SettingError when a `%` has no partner or a setting is missing.
    """
    if "%" not in text:
        return text
    parts: list[str] = []
    at = 0
    for match in re.finditer(r"%([^%]*)(%?)", text):
        if not match[2]:
            raise SettingError(
                f"The '%' at position {match.start()} does not have a closing '%'",
                hint="A setting's value is written as %NAME%.",
            )
        value = settings.get(match[1])
        if value is None:
            raise SettingError(
                f"'{match[0]}' does not resolve to a value.",
                hint=f"Add '{match[1]}' to Values in local.settings.json or to the environment.",
            )
        parts += [text[at : match.start()], value]
        at = match.end()
    return "".join([*parts, text[at:]])
