"""healthMonitor: whether the host has been in trouble for a while, from a few counters."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lazulite.config.hostjson import HealthMonitorOptions

CGROUP = "/sys/fs/cgroup"
FULL_LAG = 5.0  # seconds of event-loop lag that count as 1.0


class Health:
    """`healthy` is False while at least `healthCheckThreshold` of the checks within the last
    `healthCheckWindow` found a counter above `counterThreshold`.

    vitals: what the workers last told of themselves; tell: called with each change, in words.
    """

    def __init__(
        self,
        options: HealthMonitorOptions,
        vitals: Callable[[], Sequence[Mapping[str, Any]]],
        tell: Callable[[str], None],
    ) -> None:
        self._options = options
        self._vitals = vitals
        self._tell = tell
        self._bad: deque[float] = deque()
        self._lag = 0.0
        self.counters: dict[str, float] = {}
        self.healthy = True

    async def watch(self) -> None:
        """Check at each interval, until cancelled."""
        if not self._options.enabled:
            return
        interval = self._options.health_check_interval
        while True:
            wanted = time.monotonic() + interval
            await asyncio.sleep(interval)
            self._lag = max(0.0, time.monotonic() - wanted)
            self.check(time.monotonic())

    def check(self, now: float) -> None:
        """Take the counters once."""
        options = self._options
        self.counters = counters(self._vitals(), self._lag)
        if any(value > options.counter_threshold for value in self.counters.values()):
            self._bad.append(now)
        while self._bad and self._bad[0] < now - options.health_check_window:
            self._bad.popleft()
        healthy = len(self._bad) < options.health_check_threshold
        if healthy != self.healthy:
            self.healthy = healthy
            shown = ", ".join(f"{name} {value:.2f}" for name, value in self.counters.items())
            self._tell(f"The host is {'healthy again' if healthy else 'unhealthy'}: {shown}")


def counters(vitals: Sequence[Mapping[str, Any]], lag: float) -> dict[str, float]:
    """Each from 0 (idle) to 1 (at its limit): the host's event loop, the least busy worker's, and
    memory where the container has a limit."""
    found = {"host event loop": min(lag / FULL_LAG, 1.0)}
    if vitals:
        found["worker event loops"] = min(min(v["lag"] for v in vitals) / FULL_LAG, 1.0)
    used, limit = _number("memory.current"), _number("memory.max")
    if used is not None and limit:
        found["memory"] = min(used / limit, 1.0)
    return found


def _number(name: str) -> int | None:
    try:
        with open(f"{CGROUP}/{name}", encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return None
