from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.config.timespan import format_timespan, parse_timespan
from lazulite.errors import ExpressionError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:00:05", 5),
        ("1:2:3", 3723),
        ("00:30", 1800),
        ("1.02:03:04", 93784),
        ("1:02:03:04", 93784),
        ("24:00:00", 24 * 86400),
        ("00:00:00.100", 0.1),
        ("-00:00:01", -1),
        ("-1.00:00:00", -86400),
        (" 00:01:00 ", 60),
    ],
)
def test_values(text: str, seconds: float) -> None:
    assert parse_timespan(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "5", "-1", "00:60:00", "00:00:60", "a:b:c", "1.5", "1:2:3:4:5"]
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_timespan(text)
    assert "00:00:30" in (caught.value.hint or "")


@given(st.integers(-(10**14), 10**14))
def test_round_trip(ticks: int) -> None:
    text = format_timespan(ticks / 10_000_000)
    assert parse_timespan(text) == pytest.approx(ticks / 10_000_000, abs=1e-7)
