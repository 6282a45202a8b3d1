from __future__ import annotations

import uuid
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.web.constraints import NAMES, constraint


@pytest.mark.parametrize(
    ("name", "arguments", "good", "bad"),
    [
        ("int", None, ["0", "-1", "+7", "2147483647", " 5 "], ["", "2147483648", "1.0", "x", "٣"]),
        ("LONG", None, ["9223372036854775807"], ["9223372036854775808", "1" * 5000]),
        ("bool", None, ["true", "False", "TRUE"], ["1", "yes", ""]),
        ("decimal", None, ["1", "-1.5", ".5", "1,000.2", "5-"], ["1e5", "", "-5-", "9" * 40, "."]),
        ("double", None, ["1e5", "-1.5E-3", "NaN", "-Infinity"], ["", "e5", "1e", "0x1"]),
        ("float", None, ["1"], ["a"]),
        ("alpha", None, ["", "aZ"], ["a1", "ä"]),
        ("guid", None, ["{0x1,0x2,0x3,{0,0x1,0x2,0x3,0x4,0x5,0x6,0x7}}".replace("{0,", "{0x0,")],
         ["", "{" + "0" * 32 + "}", "0" * 31]),
        ("length", "3", ["abc"], ["ab", "abcd"]),
        ("length", "1,2", ["a", "ab"], ["", "abc"]),
        ("minlength", "2", ["ab"], ["a"]),
        ("maxlength", "2", ["", "ab"], ["abc"]),
        ("min", "-2", ["-2", "5"], ["-3", "x"]),
        ("max", "5", ["5", "-9"], ["6", ""]),
        ("range", "1,5", ["1", "5"], ["0", "6", "2.5"]),
        ("regex", "^a+$", ["aaa", "AA"], ["b", ""]),
        ("regex", r"(?<n>x)\z", ["ax"], ["xa"]),
        ("required", None, ["x"], [""]),
        ("file", None, ["a.txt", "d/a.b"], ["a", "a.", "d.x/a", ""]),
        ("nonfile", None, ["a", "a.", "d.x/a", ""], ["a.txt"]),
        ("datetime", None,
         ["2024-02-29", "2/29/2024", "2024-01-05T10:11:12.123Z", "2024-01-05 10:11 PM", "10:30",
          "5 Jan 2024", "2024-01-05T10:11+02:00",
          "January 5, 2024", "Fri, 05 Jan 2024 10:00:00 GMT"],
         ["", "2023-02-29", "13/1/2024", "2024-13-01", "10:61", "yesterday", "25:00", "5"]),
    ],
)  # fmt: skip
def test_what_a_constraint_accepts(
    name: str, arguments: str | None, good: list[str], bad: list[str]
) -> None:
    check = constraint(name, arguments)
    assert [text for text in good if not check(text)] == []
    assert [text for text in bad if check(text)] == []


@given(st.uuids())
def test_every_form_of_a_guid(value: uuid.UUID) -> None:
    check = constraint("guid", None)
    for text in (value.hex, str(value), f"{{{value}}}", f"({value})", str(value).upper()):
        assert check(text)
    assert not check(str(value)[:-1])


@given(st.datetimes())
def test_every_iso_date(value: datetime) -> None:
    check = constraint("datetime", None)
    assert check(value.isoformat())
    assert check(value.date().isoformat())


@given(st.integers(-(2**65), 2**65))
def test_integers_by_their_size(value: int) -> None:
    assert constraint("int", None)(str(value)) == (-(2**31) <= value < 2**31)
    assert constraint("long", None)(str(value)) == (-(2**63) <= value < 2**63)


@given(st.sampled_from([n for n in NAMES if n not in ("regex",)]), st.text(max_size=80))
def test_no_text_breaks_a_constraint(name: str, text: str) -> None:
    arguments = {"length": "1", "minlength": "1", "maxlength": "1", "min": "1", "max": "1"}
    check = constraint(name, "1,2" if name == "range" else arguments.get(name))
    assert check(text) in (True, False)
