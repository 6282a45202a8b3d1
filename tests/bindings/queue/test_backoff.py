from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lazulite.bindings.queue.backoff import Backoff


@given(
    st.floats(0, 1, exclude_max=True),
    st.floats(0.1, 60),
    st.integers(1, 100),
)
def test_waits_stay_between_the_bounds_of_the_original(
    rand: float, longest: float, count: int
) -> None:
    backoff = Backoff(longest, lambda: rand)
    for n in range(1, count):
        wait = backoff.next()
        power = 2.0 ** min(n - 1, 40)
        assert min(0.1 + 0.08 * power, longest) - 1e-9 <= wait <= min(0.1 + 0.12 * power, longest)


def test_activity_resets_it() -> None:
    backoff = Backoff(60, lambda: 0.5)
    first = [backoff.next() for _ in range(5)]
    assert first == sorted(first)
    backoff.reset()
    assert backoff.next() == first[0]
