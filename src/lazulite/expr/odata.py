"""Table filters with expressions in them, safe against values that would change the filter."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from lazulite.errors import ExpressionError
from lazulite.expr.dotnet import format_datetime
from lazulite.expr.names import Builtins, lookup
from lazulite.expr.template import Expression, Template, evaluate_text

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?L?", re.ASCII)


def resolve_filter(text: str, names: Mapping[str, Any], builtins: Builtins | None = None) -> str:
    """An OData filter with its expressions replaced.

    Inside quotes a value's own quotes are doubled; outside it must be a bool or a number. A filter
    that is one expression and nothing else is taken as it is. Dates are in the ISO form `o`.
    Raises ExpressionError.
    """
    base = builtins or Builtins()

    def value_of(part: Expression) -> str:
        value = lookup(names, base, part.path)
        if isinstance(value, datetime) and not part.format:
            return format_datetime(value, "o")
        # by its value, because a name may stand for a new one each time
        return evaluate_text(Expression("value", part.format), {"value": value}, base)

    return _fill(text, value_of)


def resolve_filter_with(text: str, resolve: Callable[[str], str]) -> str:
    """The same, for who has only the `resolve` of an invocation's names."""

    def value_of(part: Expression) -> str:
        if not part.format:
            try:
                return resolve(f"{{{part.path}:o}}")
            except ExpressionError:
                # not a date, or not there: the next line says so
                pass
        return resolve(str(part))

    return _fill(text, value_of)


def _fill(text: str, value_of: Callable[[Expression], str]) -> str:
    parts = Template.parse(text).parts
    if len(parts) == 1 and isinstance(parts[0], Expression):
        return value_of(parts[0])
    result, quoted = "", False
    for part in parts:
        if isinstance(part, str):
            quoted ^= part.count("'") % 2 == 1
            result += part
            continue
        value = value_of(part)
        if quoted:
            result += value.replace("'", "''")
        elif value.lower() in ("true", "false"):
            result += value.lower()
        elif _NUMBER.fullmatch(value):
            result += value
        else:
            name = f"{{{part.path}}}"
            raise ExpressionError(
                f"An invalid parameter value was specified for filter parameter '{name}'.",
                hint=f"Outside quotes it must be a number or a bool; a text is written '{name}', "
                "quotes included.",
            )
    return result
