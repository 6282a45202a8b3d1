"""How long to wait before an empty queue is looked at again. No I/O."""

from __future__ import annotations

from collections.abc import Callable

SHORTEST = 0.1
_LARGEST_EXPONENT = 30


class Backoff:
    """Waits grow with each `next` from 0.1 s to `longest`, with jitter; `reset` after activity.

    rand: a float in [0, 1).
    """

    def __init__(self, longest: float, rand: Callable[[], float]) -> None:
        self._longest = longest
        self._rand = rand
        self._empty = 0

    def next(self) -> float:
        """Seconds to wait now: for the n-th time running 0.1 + 2**(n-1) * 0.1 * (0.8..1.2)."""
        power = 2.0 ** min(self._empty, _LARGEST_EXPONENT)
        self._empty += 1
        return min(SHORTEST + power * SHORTEST * (0.8 + 0.4 * self._rand()), self._longest)

    def reset(self) -> None:
        self._empty = 0
