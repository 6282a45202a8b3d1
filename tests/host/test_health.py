"""healthMonitor."""

from __future__ import annotations

from typing import Any

from lazulite.config.hostjson import HealthMonitorOptions
from lazulite.host.health import Health, counters


def test_unhealthy_after_the_threshold_and_healthy_again_after_the_window() -> None:
    vitals: list[dict[str, Any]] = [{"lag": 60.0}]
    said: list[str] = []
    options = HealthMonitorOptions(health_check_threshold=3, health_check_window=100)
    health = Health(options, lambda: vitals, said.append)
    for now in (0, 10):
        health.check(now)
        assert health.healthy
    health.check(20)
    assert not health.healthy
    assert said[0].startswith("The host is unhealthy: ")
    vitals[:] = [{"lag": 0.0}]
    health.check(90)
    assert not health.healthy
    health.check(111)
    assert health.healthy
    assert said[1].startswith("The host is healthy again: ")


def test_one_worker_with_time_is_enough() -> None:
    assert counters([{"lag": 60.0}, {"lag": 0.5}], 0.0)["worker event loops"] == 0.1


def test_all_counters_are_shares() -> None:
    assert all(0 <= value <= 1 for value in counters([{"lag": 1e9}], 1e9).values())
