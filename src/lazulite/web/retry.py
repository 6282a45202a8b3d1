"""How long to wait before a retry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

_LARGEST_EXPONENT = 60


def retry_delay(
    strategy: Literal["fixedDelay", "exponentialBackoff"],
    attempt: int,
    delay: float,
    minimum: float,
    maximum: float,
    rand: Callable[[], float],
) -> float:
    """Seconds to wait before retry number `attempt` (1 = the first).

    fixedDelay: always `delay`. exponentialBackoff: `minimum` first, then
    `minimum + 2**(attempt-2) * minimum * r` with r between 0.8 and 1.2, never above `maximum`.
    `rand` returns a float in [0, 1). Raises ValueError for an attempt below 1.
    """
    if attempt < 1:
        raise ValueError(f"attempt is {attempt}, retries are numbered from 1")
    if strategy == "fixedDelay":
        return delay
    if attempt == 1:
        return min(minimum, maximum)
    # without end of retries the power would overflow
    power = 2.0 ** min(attempt - 2, _LARGEST_EXPONENT)
    return min(minimum + power * minimum * (0.8 + 0.4 * rand()), maximum)
