from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.config.appsettings import AppSettings, app_settings, replace_settings
from lazulite.errors import SettingError


def test_names_match_whatever_their_case_and_separator() -> None:
    settings = AppSettings({"Queue__Name": "a", "KEY": "b", "key": "c"})
    assert settings["queue:name"] == "a"
    assert settings["QUEUE__NAME"] == "a"
    assert (settings["KEY"], settings["key"]) == ("b", "c")
    assert settings.get("other") is None
    assert dict(settings) == {"Queue__Name": "a", "KEY": "b", "key": "c"}
    assert app_settings(settings) is settings


def test_section() -> None:
    settings = AppSettings({"Store__AccountName": "a", "store__blob:Uri": "u", "StoreX": "n"})
    assert settings.section("STORE") == {"accountname": "a", "blob:uri": "u"}


@pytest.mark.parametrize(
    ("value", "true"), [("1", True), ("True", True), ("yes", False), ("", False)]
)
def test_is_true(value: str, true: bool) -> None:
    assert AppSettings({"A": value}).is_true("a") is true


@pytest.mark.parametrize(
    ("text", "result"),
    [("plain", "plain"), ("%A%", "1"), ("x/%a%-%B%/y", "x/1-%A%/y"), ("%EMPTY%z", "z")],
)
def test_replacement(text: str, result: str) -> None:
    settings = AppSettings({"A": "1", "B": "%A%", "EMPTY": ""})
    assert replace_settings(text, settings) == result


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ab%c", "The '%' at position 2 does not have a closing '%'"),
        ("%A%%", "The '%' at position 3 does not have a closing '%'"),
        ("%NONE%", "'%NONE%' does not resolve to a value."),
        ("%%", "'%%' does not resolve to a value."),
    ],
)
def test_replacement_errors(text: str, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        replace_settings(text, AppSettings({"A": "1"}))
    assert caught.value.message == message


@given(st.lists(st.text().filter(lambda s: "%" not in s), min_size=1), st.text())
def test_replacement_keeps_all_else(parts: list[str], value: str) -> None:
    assert replace_settings("%N%".join(parts), AppSettings({"N": value})) == value.join(parts)
