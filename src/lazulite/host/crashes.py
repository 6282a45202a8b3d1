"""How long to wait before a worker that died is replaced."""

from __future__ import annotations

STARTING = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0)
SERVING = (0.0, 0.0, 0.1, 0.25, 0.5, 1.0)
HEALTHY = 5.0


class BackOff:
    """Waits grow while workers die young, and start anew when one has lived."""

    def __init__(self) -> None:
        self._failed = 0
        self._young = 0

    def after_failed_start(self) -> float:
        """Seconds to wait: the worker never came to serve."""
        self._failed += 1
        return STARTING[min(self._failed, len(STARTING)) - 1]

    def after_death(self, lived: float) -> float:
        """Seconds to wait: the worker served for `lived` seconds."""
        self._young = 0 if lived >= HEALTHY else self._young + 1
        return SERVING[min(self._young, len(SERVING) - 1)]

    def started(self) -> None:
        """A worker serves."""
        self._failed = 0
