"""When a worker has done enough and is replaced: limits on its invocations and memory."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any


def exhausted(limits: Mapping[str, Any], count: int) -> str:
    """Why the worker is to be replaced, or ''. count: invocations that have ended in it."""
    most = limits.get("max_invocations")
    if most is not None and count >= most:
        return f"it has run {count} invocations (LAZULITE_WORKER_MAX_INVOCATIONS={most})"
    most = limits.get("max_memory")
    if most is not None and memory() > most:
        return (
            f"it uses {memory() // 1048576} MB of memory "
            f"(LAZULITE_WORKER_MAX_MEMORY is {most // 1048576} MB)"
        )
    return ""


def memory() -> int:
    """The resident memory of this process in bytes; where the system does not tell, the most it
    ever was."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        import resource
        import sys

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
