"""When a worker has done enough."""

from __future__ import annotations

from lazulite.worker.recycling import exhausted, memory


def test_without_limits_it_works_for_ever() -> None:
    assert exhausted({}, 10**12) == ""
    assert exhausted({"max_invocations": None, "max_memory": None}, 10**12) == ""


def test_the_reason_names_the_setting() -> None:
    assert exhausted({"max_invocations": 10}, 9) == ""
    assert "LAZULITE_WORKER_MAX_INVOCATIONS=10" in exhausted({"max_invocations": 10}, 10)
    assert "LAZULITE_WORKER_MAX_MEMORY is 1 MB" in exhausted({"max_memory": 1 << 20}, 0)
    assert exhausted({"max_memory": 1 << 40}, 0) == ""


def test_memory_is_in_bytes() -> None:
    assert 1 << 20 < memory() < 1 << 40
