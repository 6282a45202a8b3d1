from __future__ import annotations

from collections.abc import Iterator

import pytest

from lazulite.host.exits import Exits, oom_kills


def counting(*values: int | None) -> Exits:
    coming: Iterator[int | None] = iter(values)
    return Exits(lambda: next(coming))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (None, "ended"),
        (0, "ended with exit code 0"),
        (3, "ended with exit code 3"),
        (-11, "was ended by SIGSEGV"),
        (-99, "was ended by signal 99"),
    ],
)
def test_codes_and_signals(code: int | None, words: str) -> None:
    assert counting(0).describe(code) == words


def test_a_kill_is_the_systems_when_that_has_killed_something_just_now() -> None:
    assert counting(4, 4).describe(-9) == "was killed (SIGKILL)"
    assert "ran out of memory" in counting(4, 5).describe(-9)
    assert "if nobody did that" in counting(None, None).describe(-9)


def test_what_was_killed_long_ago_does_not_count() -> None:
    exits = counting(4, 5, 5, 5, 5)
    exits.sample()
    assert "ran out of memory" in exits.describe(-9)  # noted just now
    exits.sample()
    assert exits.describe(-9) == "was killed (SIGKILL)"


def test_the_systems_count_can_be_read() -> None:
    kills = oom_kills()
    assert kills is None or kills >= 0
