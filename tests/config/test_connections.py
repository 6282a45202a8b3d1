from __future__ import annotations

import pytest

from lazulite.config.connections import find_connection, require_connection
from lazulite.errors import SettingError


@pytest.mark.parametrize(
    ("name", "environ", "setting", "value"),
    [
        ("", {"AzureWebJobsStorage": "s"}, "AzureWebJobsStorage", "s"),
        (None, {"AzureWebJobsStorage": "s"}, "AzureWebJobsStorage", "s"),
        ("Storage", {"AzureWebJobsStorage": "s"}, "AzureWebJobsStorage", "s"),
        ("X", {"AzureWebJobsX": "a", "X": "b"}, "AzureWebJobsX", "a"),
        ("X", {"AzureWebJobsX": "", "X": "b"}, "X", "b"),
        ("x", {"X": "b"}, "x", "b"),
        ("X", {"ConnectionStrings:X": "c", "X": "b"}, "X", "c"),
        ("X", {"ConnectionStrings__AzureWebJobsX": "c"}, "AzureWebJobsX", "c"),
        ("X", {"CUSTOMCONNSTR_X": "d"}, "X", "d"),
    ],
)
def test_where_a_connection_is_found(
    name: str | None, environ: dict[str, str], setting: str, value: str
) -> None:
    found = find_connection(name, environ)
    assert found is not None
    assert (found.setting, found.value) == (setting, value)


def test_a_section() -> None:
    found = find_connection("X", {"X__accountName": "a", "X__credential": "", "XY__z": "no"})
    assert found is not None
    assert found.value is None
    assert found.section == {"accountname": "a"}


def test_secrets_are_not_shown() -> None:
    assert "s3cret" not in repr(find_connection("X", {"X": "s3cret"}))


def test_none() -> None:
    assert find_connection("X", {"Y": "1"}) is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("X", "AzureWebJobsX"),
        ("AzureWebJobsOther", "AzureWebJobsOther"),
        ("", "AzureWebJobsStorage"),
    ],
)
def test_a_missing_one_is_named(name: str, shown: str) -> None:
    with pytest.raises(SettingError) as caught:
        require_connection(name, {}, function="Fn", binding="msg")
    error = caught.value
    assert error.message == (
        f"Storage account connection string '{shown}' does not exist. "
        "Make sure that it is a defined App Setting."
    )
    assert str(error.where) == "function 'Fn', binding 'msg'"
    assert "local.settings.json" in (error.hint or "")


def test_a_connection_string_in_place_of_a_name() -> None:
    with pytest.raises(SettingError) as caught:
        require_connection("AccountName=a;AccountKey=s3cret", {})
    assert "holds a connection string instead of the name" in caught.value.message
    assert "s3cret" not in str(caught.value)
