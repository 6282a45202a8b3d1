"""Lazulite's own settings of workers."""

from __future__ import annotations

import pytest

from lazulite.config.limits import WorkerLimits, worker_limits
from lazulite.errors import SettingError


def test_the_defaults() -> None:
    assert worker_limits({}) == WorkerLimits()


def test_all_of_them() -> None:
    assert worker_limits(
        {
            "FUNCTIONS_WORKER_PROCESS_COUNT": "2",
            "LAZULITE_WORKERS_MAX": "6",
            "LAZULITE_WORKER_MAX_INVOCATIONS": "1000",
            "LAZULITE_WORKER_MAX_MEMORY": "2G",
            "LAZULITE_WORKER_HANG_TIMEOUT": "2.5",
            "LAZULITE_SHUTDOWN_GRACE": "0",
            "LAZULITE_REQUEST_HEADER_SIZE_LIMIT": "64K",
            "LAZULITE_REQUEST_HEADER_TIMEOUT": "5",
        }
    ) == WorkerLimits(2, 6, 1000, 2 << 30, 2.5, 0.0, 64 << 10, 5.0)


def test_the_maximum_is_no_less_than_the_minimum() -> None:
    settings = {"FUNCTIONS_WORKER_PROCESS_COUNT": "4", "LAZULITE_WORKERS_MAX": "2"}
    assert worker_limits(settings).maximum == 4


@pytest.mark.parametrize(("text", "size"), [("512M", 512 << 20), ("64 kb", 64 << 10), ("7", 7)])
def test_sizes(text: str, size: int) -> None:
    assert worker_limits({"LAZULITE_WORKER_MAX_MEMORY": text}).max_memory == size


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LAZULITE_WORKERS_MAX", "0"),
        ("LAZULITE_WORKERS_MAX", "many"),
        ("LAZULITE_WORKER_MAX_INVOCATIONS", "-1"),
        ("LAZULITE_WORKER_MAX_MEMORY", "0M"),
        ("LAZULITE_WORKER_MAX_MEMORY", "half"),
        ("LAZULITE_WORKER_HANG_TIMEOUT", "nan"),
        ("LAZULITE_SHUTDOWN_GRACE", "-1"),
        ("LAZULITE_REQUEST_HEADER_SIZE_LIMIT", "4K"),
        ("LAZULITE_REQUEST_HEADER_SIZE_LIMIT", "2G"),
        ("LAZULITE_REQUEST_HEADER_TIMEOUT", "0"),
    ],
)
def test_what_is_wrong_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=name):
        worker_limits({name: value})
