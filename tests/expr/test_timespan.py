from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.errors import ExpressionError
from lazulite.expr.timespan import format_timespan, parse_timespan


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:00:00", 0),
        ("00:00:00.1", 0.1),
        ("01:02:03", 3723),
        ("1:2", 3720),
        ("1.2:3", 93780),
        ("1.00:00:00", 86400),
        ("2:00:00:01", 172801),
        ("-1.00:00:00", -86400),
        (" 00:05:00 ", 300),
        ("-00:00:01", -1),
    ],
)
def test_time_spans(text: str, seconds: float) -> None:
    assert parse_timespan(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "1.5",
        "5",
        "-1",
        "24:00:00",
        "a:b:c",
        "00:60",
        "00:00:60",
        "1:2:3:4:5",
        "1:",
        "99999999",
        "99999999.00:00:00",
        "--1",
        "٣",
        "1e3",
    ],
)
def test_what_is_no_time_span(text: str) -> None:
    with pytest.raises(ExpressionError, match=f"'{text}' is not a time span") as caught:
        parse_timespan(text)
    assert "00:00:30" in (caught.value.hint or "")


@given(st.integers(-(10**10), 10**10))
def test_round_trip(milliseconds: int) -> None:
    seconds = milliseconds / 1000
    assert parse_timespan(format_timespan(seconds)) == pytest.approx(seconds, abs=1e-6)


def test_format() -> None:
    spans = [0, 1.5, 90061, -1, -1e-9]
    texts = ["00:00:00", "00:00:01.5000000", "1.01:01:01", "-00:00:01", "00:00:00"]
    assert [format_timespan(span) for span in spans] == texts
