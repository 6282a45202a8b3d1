from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.errors import ExpressionError
from lazulite.expr.odata import resolve_filter
from lazulite.expr.template import BoundNames

NOW = datetime(2024, 3, 5, 14, 7, 9, tzinfo=timezone.utc)


def filled(text: str, names: dict[str, Any]) -> str:
    return resolve_filter(text, BoundNames(names).resolve)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Name eq '{name}'", "Name eq 'O''Neil'"),
        ("Age gt {age} and Ok eq {ok}", "Age gt 5 and Ok eq true"),
        ("Size lt {size}", "Size lt -1.5E+20"),
        ("At ge datetime'{at}'", "At ge datetime'2024-03-05T14:07:09.0000000Z'"),
        ("At ge '{at:yyyy}'", "At ge '2024'"),
        ("{whole}", "A eq 1 or B eq 'x'"),
        ("A eq 'it''s {age}'", "A eq 'it''s 5'"),
        ("A eq 1", "A eq 1"),
        ("", ""),
    ],
)
def test_filters(text: str, expected: str) -> None:
    names = {
        "name": "O'Neil", "age": "5", "ok": True, "size": -1.5e20, "at": NOW,
        "whole": "A eq 1 or B eq 'x'",
    }  # fmt: skip
    assert filled(text, names) == expected


@pytest.mark.parametrize("value", ["1 or true", "x", "", "true or 1 eq 1", "1'", "٣", "0x1"])
def test_unquoted_values_must_be_numbers_or_bools(value: str) -> None:
    message = "An invalid parameter value was specified for filter parameter '{x}'."
    with pytest.raises(ExpressionError, match=re.escape(message)):
        filled("A eq {x}", {"x": value})


def test_an_unknown_name() -> None:
    with pytest.raises(ExpressionError, match="No value for named parameter 'x'"):
        filled("A eq '{x}'", {})


@given(st.text())
def test_no_value_leaves_its_quotes(value: str) -> None:
    result = filled("A eq '{x}' and B eq 1", {"x": value})
    inside = result.removeprefix("A eq '").removesuffix("' and B eq 1")
    assert inside.replace("''", "'") == value
    assert "'" not in inside.replace("''", "")
