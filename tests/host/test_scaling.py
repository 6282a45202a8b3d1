"""When there are to be more workers, and when fewer."""

from __future__ import annotations

from typing import Any

from lazulite.host.scaling import FEWER_AFTER, MORE_AFTER, Scaler

BUSY: dict[str, Any] = {"lag": 0.5, "waiting": 0, "open": 9}
QUEUED: dict[str, Any] = {"lag": 0.0, "waiting": 3, "open": 9}
IDLE: dict[str, Any] = {"lag": 0.0, "waiting": 0, "open": 0}


def test_more_when_all_are_busy_for_a_while() -> None:
    scaler = Scaler()
    wishes = [scaler.wish([BUSY, QUEUED], second) for second in range(MORE_AFTER)]
    assert wishes == [0] * (MORE_AFTER - 1) + [1]


def test_one_that_has_time_is_enough() -> None:
    scaler = Scaler()
    assert not any(scaler.wish([BUSY, IDLE], second) for second in range(100))


def test_fewer_when_all_were_idle_for_long() -> None:
    scaler = Scaler()
    assert scaler.wish([IDLE, IDLE], 0.0) == 0
    assert scaler.wish([IDLE, IDLE], FEWER_AFTER - 1) == 0
    assert scaler.wish([IDLE, IDLE], FEWER_AFTER) == -1


def test_nothing_is_known_of_no_worker() -> None:
    assert Scaler().wish([], 0.0) == 0
