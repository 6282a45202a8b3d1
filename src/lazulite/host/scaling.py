"""Whether the load asks for more workers or fewer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

BUSY_LAG = 0.1  # seconds that a turn of the event loop takes
MORE_AFTER = 3  # busy rounds in a row
FEWER_AFTER = 30.0  # seconds without a busy round


class Scaler:
    """Fed once a second with what the workers tell of themselves."""

    def __init__(self) -> None:
        self._busy = 0
        self._quiet_since: float | None = None

    def wish(self, vitals: Sequence[Mapping[str, Any]], now: float) -> int:
        """1 for one more worker, -1 for one fewer, 0 to stay. All workers must be busy for more,
        and all idle for long for fewer."""
        if vitals and all(v["lag"] > BUSY_LAG or v["waiting"] > 0 for v in vitals):
            self._quiet_since = None
            self._busy += 1
            if self._busy >= MORE_AFTER:
                self._busy = 0
                return 1
            return 0
        self._busy = 0
        if any(v["lag"] > BUSY_LAG or v["waiting"] or v["open"] > 1 for v in vitals):
            self._quiet_since = None
        elif self._quiet_since is None:
            self._quiet_since = now
        elif now - self._quiet_since >= FEWER_AFTER:
            self._quiet_since = None
            return -1
        return 0
