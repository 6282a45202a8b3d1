"""What follows from the data that the layers share."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.model import BindingSpec, RetryPolicy


def backoff(minimum: float, maximum: float) -> RetryPolicy:
    return RetryPolicy("exponentialBackoff", -1, minimum=minimum, maximum=maximum)


def test_a_fixed_delay() -> None:
    assert RetryPolicy("fixedDelay", -1, 2.5).wait(7, lambda: 0.5) == 2.5


def test_exponential_backoff_doubles_up_to_the_maximum() -> None:
    delays = [backoff(1.0, 10.0).wait(k, lambda: 0.5) for k in range(1, 8)]
    assert delays == pytest.approx([1, 2, 3, 5, 9, 10, 10])


@given(
    st.integers(1, 10_000),
    st.floats(0, 1e6),
    st.floats(0, 1e6),
    st.floats(0, 1, exclude_max=True),
)
def test_delays_stay_between_the_bounds(k: int, a: float, b: float, r: float) -> None:
    low, high = sorted((a, b))
    delay = backoff(low, high).wait(k, lambda: r)
    assert low <= delay <= high
    if delay == high:
        assert backoff(low, high).wait(k + 1, lambda: 0.0) == high


def test_retries_are_numbered_from_one() -> None:
    with pytest.raises(ValueError, match="numbered from 1"):
        RetryPolicy("fixedDelay", 3).wait(0, lambda: 0)


@pytest.mark.parametrize(
    ("members", "connection"),
    [({}, ""), ({"connection": None}, ""), ({"Connection": "Archive"}, "Archive")],
)
def test_the_connection_of_a_binding(members: dict[str, object], connection: str) -> None:
    assert BindingSpec("item", "queue", properties=members).connection == connection
