from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.web.retry import retry_delay


def test_fixed_delay() -> None:
    assert retry_delay("fixedDelay", 7, 2.5, 0, 0, lambda: 0.5) == 2.5


def test_exponential_backoff_doubles_up_to_the_maximum() -> None:
    delays = [retry_delay("exponentialBackoff", k, 0, 1.0, 10.0, lambda: 0.5) for k in range(1, 8)]
    assert delays == pytest.approx([1, 2, 3, 5, 9, 10, 10])


@given(
    st.integers(1, 10_000),
    st.floats(0, 1e6),
    st.floats(0, 1e6),
    st.floats(0, 1, exclude_max=True),
)
def test_delays_stay_between_the_bounds(k: int, a: float, b: float, r: float) -> None:
    low, high = sorted((a, b))
    delay = retry_delay("exponentialBackoff", k, 0, low, high, lambda: r)
    assert low <= delay <= high
    if delay == high:
        assert retry_delay("exponentialBackoff", k + 1, 0, low, high, lambda: 0.0) == high


def test_retries_are_numbered_from_one() -> None:
    with pytest.raises(ValueError, match="numbered from 1"):
        retry_delay("fixedDelay", 0, 1, 1, 1, lambda: 0)
