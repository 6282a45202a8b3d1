from __future__ import annotations

from datetime import datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.expr.dotnet import format_datetime, format_guid, to_text

UTC = timezone.utc
MOMENT = datetime(2024, 3, 5, 14, 7, 9, 120_500, tzinfo=UTC)
INDIA = timezone(timedelta(hours=5, minutes=30))


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("", "2024-03-05T14-07-09Z"),
        ("yyyy-MM-dd", "2024-03-05"),
        ("yyyyMMddHHmmss", "20240305140709"),
        ("yyyy.MM.dd", "2024.03.05"),
        ("yy y yyy yyyyy", "24 24 2024 02024"),
        ("M MM MMM MMMM", "3 03 Mar March"),
        ("d/dd/ddd/dddd", "5/05/Tue/Tuesday"),
        ("h:hh:H:HH", "2:02:14:14"),
        ("m mm s ss t tt", "7 07 9 09 P PM"),
        ("f ff fff ffff fffffff", "1 12 120 1205 1205000"),
        ("s.FFF s.FFFFFFF FF", "9.12 9.1205 12"),
        ("K z zz zzz", "Z +0 +00 +00:00"),
        ("'day' d \"of\" \\M \\y", "day 5 of M y"),
        ("%d", "5"),
        ("o", "2024-03-05T14:07:09.1205000Z"),
        ("s", "2024-03-05T14:07:09"),
        ("u", "2024-03-05 14:07:09Z"),
        ("R", "Tue, 05 Mar 2024 14:07:09 GMT"),
        ("d", "03/05/2024"),
        ("G", "03/05/2024 14:07:09"),
        ("g -", "A.D. -"),
    ],
)
def test_dates(pattern: str, text: str) -> None:
    assert format_datetime(MOMENT, pattern) == text


def test_fractions_of_nothing_take_their_dot_along() -> None:
    assert format_datetime(MOMENT.replace(microsecond=0), "ss.FFF") == "09"


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (MOMENT.replace(tzinfo=None), "|+0|+00:00"),
        (MOMENT.replace(tzinfo=INDIA), "+05:30|+5|+05:30"),
        (MOMENT.replace(tzinfo=timezone(-timedelta(hours=3))), "-03:00|-3|-03:00"),
    ],
)
def test_offsets(moment: datetime, text: str) -> None:
    assert format_datetime(moment, "K|z|zzz") == text


@pytest.mark.parametrize("pattern", ["q", "'open", 'x"', "yy\\", "yy%", "ffffffff"])
def test_bad_date_formats(pattern: str) -> None:
    with pytest.raises(ValueError):
        format_datetime(MOMENT, pattern)


@given(st.datetimes())
def test_the_sortable_format_is_iso(moment: datetime) -> None:
    assert format_datetime(moment, "s") == moment.replace(microsecond=0).isoformat()
    assert format_datetime(moment, "yyyy-MM-ddTHH:mm:ss.ffffff") == moment.isoformat(
        timespec="microseconds"
    )


@given(st.datetimes(), st.text(max_size=12))
def test_any_format_gives_a_text_or_a_value_error(moment: datetime, pattern: str) -> None:
    try:
        text = format_datetime(moment, pattern)
    except ValueError:
        return
    assert text or not pattern.strip("F'\"K")


@given(st.uuids())
def test_guids(value: UUID) -> None:
    assert format_guid(value) == str(value)
    for form in "NDBPndbp":
        assert UUID(format_guid(value, form).strip("()")) == value
    spelled = format_guid(value, "X").translate(str.maketrans("{}", "  ")).replace(" ", "")
    numbers = [int(part, 16) for part in spelled.split(",")]
    assert (numbers[0], numbers[1], numbers[2]) == value.fields[:3]
    assert bytes(numbers[3:]) == value.bytes[8:]


def test_a_bad_guid_format() -> None:
    with pytest.raises(ValueError, match="'Q' is no GUID format"):
        format_guid(UUID(int=0), "Q")


@pytest.mark.parametrize(
    ("value", "text"),
    [("x", "x"), (True, "True"), (5, "5"), (1.0, "1"), (100.0, "100"), (1e15, "1E+15"),
     (1.5e-5, "1.5E-05"), (0.0001, "0.0001"), (float("nan"), "NaN"), (float("inf"), "Infinity"),
     (None, ""), ({}, ""), ([1], ""), (b"x", ""), (UUID(int=1), str(UUID(int=1)))],
)  # fmt: skip
def test_values_as_text(value: object, text: str) -> None:
    assert to_text(value) == text
    assert to_text(value, "D") == text
