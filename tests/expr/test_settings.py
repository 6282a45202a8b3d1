from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.errors import ExpressionError, SettingError
from lazulite.expr.settings import resolve_settings, resolve_settings_in

VALUES = {"A": "1", "B": "%A%", "E": ""}


def test_names_are_replaced_once() -> None:
    assert resolve_settings("x%A%-%B%y", VALUES.get) == "x1-%A%y"


def test_every_string_of_a_binding() -> None:
    binding = {"queueName": "%A%", "deep": [{"x": "%A%b"}], "take": 5}
    expected = {"queueName": "1", "deep": [{"x": "1b"}], "take": 5}
    assert resolve_settings_in(binding, VALUES.get) == expected


def test_a_percent_sign_without_its_pair() -> None:
    with pytest.raises(
        ExpressionError, match=re.escape("The '%' at position 4 does not have a closing '%'")
    ):
        resolve_settings("%A%x%A", VALUES.get)


@pytest.mark.parametrize("name", ["None", "E", ""])
def test_a_setting_that_is_not_there(name: str) -> None:
    with pytest.raises(SettingError, match=re.escape(f"'%{name}%' does not resolve to a value.")):
        resolve_settings(f"x%{name}%", VALUES.get)


PLAIN = st.text(st.characters(exclude_characters="%"))


@given(PLAIN, st.lists(st.tuples(PLAIN, PLAIN)))
def test_texts_and_names_take_turns(first: str, rest: list[tuple[str, str]]) -> None:
    text = first + "".join(f"%{name}%{after}" for name, after in rest)
    expected = first + "".join(f"<{name}>{after}" for name, after in rest)
    assert resolve_settings(text, lambda name: f"<{name}>") == expected
