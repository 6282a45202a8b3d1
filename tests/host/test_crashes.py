"""How long a dead worker is missed."""

from __future__ import annotations

from lazulite.host.crashes import HEALTHY, SERVING, STARTING, BackOff


def test_a_worker_that_lived_is_replaced_at_once() -> None:
    back_off = BackOff()
    for _ in range(20):
        assert back_off.after_death(HEALTHY) == 0


def test_the_wait_grows_while_they_die_young() -> None:
    back_off = BackOff()
    waits = [back_off.after_death(0.1) for _ in range(10)]
    assert waits == sorted(waits)
    assert waits[-1] == SERVING[-1]
    assert back_off.after_death(HEALTHY) == 0


def test_the_wait_grows_while_none_can_start() -> None:
    back_off = BackOff()
    assert [back_off.after_failed_start() for _ in range(8)] == [*STARTING, *STARTING[-1:] * 2]
    back_off.started()
    assert back_off.after_failed_start() == STARTING[0]
