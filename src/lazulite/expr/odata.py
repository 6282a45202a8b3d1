"""Table filters with expressions in them, safe against values that would change the filter."""

from __future__ import annotations

import re
from collections.abc import Callable

from lazulite.errors import ExpressionError
from lazulite.expr.template import Expression, Template

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?L?", re.ASCII)


def resolve_filter(text: str, resolve: Callable[[str], str]) -> str:
    """An OData filter with its expressions replaced; resolve: that of an invocation's names.

    Inside quotes a value's own quotes are doubled; outside it must be a bool or a number. A filter
    that is one expression and nothing else is taken as it is. Dates are in the ISO form `o`.
    Raises ExpressionError.
    """

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
