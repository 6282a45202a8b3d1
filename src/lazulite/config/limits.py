"""How many workers run and how long each lives: Lazulite's own settings, read here only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lazulite.config.app import MAX_PROCESSES, process_count
from lazulite.errors import SettingError

DEFAULT_HEADER_SIZE = 40 << 10
_SMALLEST_HEADER_SIZE = 8 << 10  # what the HTTP server can do
_LARGEST_HEADER_SIZE = 1 << 30
_SIZE = re.compile(r"(\d+)\s*([kmg]?)i?b?", re.I)
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


@dataclass(frozen=True)
class WorkerLimits:
    """minimum: workers that always run (FUNCTIONS_WORKER_PROCESS_COUNT); maximum: how many may run
    under load (LAZULITE_WORKERS_MAX); max_invocations: a worker is replaced after so many
    (LAZULITE_WORKER_MAX_INVOCATIONS); max_memory: bytes above which it is
    (LAZULITE_WORKER_MAX_MEMORY, such as 512M); hang: seconds without a sign of life until another
    takes over (LAZULITE_WORKER_HANG_TIMEOUT); grace: seconds that running invocations have when
    the host is told to stop (LAZULITE_SHUTDOWN_GRACE); header_size: bytes of a request's line and
    headers (LAZULITE_REQUEST_HEADER_SIZE_LIMIT, by default what the original's server allows: 8 KiB
    and 32 KiB); header_timeout: seconds in which they must arrive
    (LAZULITE_REQUEST_HEADER_TIMEOUT). None: no limit."""

    minimum: int = 1
    maximum: int = 1
    max_invocations: int | None = None
    max_memory: int | None = None
    hang: float = 10.0
    grace: float = 10.0
    header_size: int = DEFAULT_HEADER_SIZE
    header_timeout: float = 30.0


def worker_limits(settings: Mapping[str, str]) -> WorkerLimits:
    """The limits that the settings ask for. Raises SettingError naming the wrong one."""
    minimum = process_count(settings)
    maximum = _whole(settings, "LAZULITE_WORKERS_MAX", minimum, MAX_PROCESSES * 10)
    return WorkerLimits(
        minimum=minimum,
        maximum=max(minimum, maximum or minimum),
        max_invocations=_whole(settings, "LAZULITE_WORKER_MAX_INVOCATIONS", None, None),
        max_memory=_size(settings, "LAZULITE_WORKER_MAX_MEMORY"),
        hang=_seconds(settings, "LAZULITE_WORKER_HANG_TIMEOUT", 10.0),
        grace=_seconds(settings, "LAZULITE_SHUTDOWN_GRACE", 10.0),
        header_size=_header_size(settings),
        header_timeout=_seconds(settings, "LAZULITE_REQUEST_HEADER_TIMEOUT", 30.0, least=0.1),
    )


def _whole(
    settings: Mapping[str, str], name: str, default: int | None, most: int | None
) -> int | None:
    raw = settings.get(name)
    if not raw:
        return default
    if not raw.strip().isdecimal() or int(raw) < 1 or (most is not None and int(raw) > most):
        reach = f"from 1 to {most}" if most is not None else "of at least 1"
        raise SettingError(f"{name} must be a whole number {reach}, not '{raw}'.")
    return int(raw)


def _seconds(settings: Mapping[str, str], name: str, default: float, least: float = 0.0) -> float:
    raw = settings.get(name)
    if not raw:
        return default
    try:
        value = float(raw)
    except ValueError:
        value = -1.0
    if not least <= value <= 86400:
        raise SettingError(
            f"{name} must be a number of seconds from {least:g} to 86400, not '{raw}'."
        )
    return value


def _size(settings: Mapping[str, str], name: str) -> int | None:
    raw = settings.get(name)
    if not raw:
        return None
    found = _SIZE.fullmatch(raw.strip())
    if found is None or int(found[1]) == 0:
        raise SettingError(
            f"{name} must be a size, not '{raw}'.", hint="Write 512M, 2G or a number of bytes."
        )
    return int(found[1]) * _UNITS[found[2].lower()]


def _header_size(settings: Mapping[str, str]) -> int:
    name = "LAZULITE_REQUEST_HEADER_SIZE_LIMIT"
    size = _size(settings, name)
    if size is None:
        return DEFAULT_HEADER_SIZE
    if not _SMALLEST_HEADER_SIZE <= size <= _LARGEST_HEADER_SIZE:
        raise SettingError(f"{name} must be from 8K to 1G, not '{settings[name]}'.")
    return size
