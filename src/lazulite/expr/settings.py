"""`%NAME%`: app settings inside the members of a binding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lazulite.errors import ExpressionError, SettingError

Lookup = Callable[[str], "str | None"]


def resolve_settings(text: str, lookup: Lookup) -> str:
    """`text` with each `%NAME%` replaced by the setting NAME; what it holds is not looked at again.

    Raises ExpressionError for a `%` without its pair, SettingError for a setting that is absent
    or empty.
    """
    if "%" not in text:
        return text
    result, at = "", 0
    while (start := text.find("%", at)) >= 0:
        end = text.find("%", start + 1)
        if end < 0:
            raise ExpressionError(f"The '%' at position {start} does not have a closing '%'")
        name = text[start + 1 : end]
        value = lookup(name)
        if not value:
            raise SettingError(
                f"'%{name}%' does not resolve to a value.",
                hint=f"Set the app setting '{name}', or change '{text}'.",
            )
        result += text[at:start] + value
        at = end + 1
    return result + text[at:]


def resolve_settings_in(value: Any, lookup: Lookup) -> Any:
    """A JSON-able value with `resolve_settings` applied to every string in it (not to names)."""
    if isinstance(value, str):
        return resolve_settings(value, lookup)
    if isinstance(value, dict):
        return {name: resolve_settings_in(member, lookup) for name, member in value.items()}
    if isinstance(value, list):
        return [resolve_settings_in(member, lookup) for member in value]
    return value
