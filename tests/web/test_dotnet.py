from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.web.dotnet import format_double


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_doubles_round_trip(value: float) -> None:
    assert float(format_double(value)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0001, "0.0001"), (0.00001, "1E-05"), (1e14, "100000000000000"), (1e15, "1E+15"),
     (-0.0, "-0"), (123.25, "123.25"), (float("nan"), "NaN"), (float("-inf"), "-Infinity")],
)  # fmt: skip
def test_doubles_as_dotnet_writes_them(value: float, text: str) -> None:
    assert format_double(value) == text
