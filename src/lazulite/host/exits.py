"""How a process ended, in words."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable

_OOM_KILLS = re.compile(rb"^oom_kill (\d+)$", re.M)


def oom_kills() -> int | None:
    """How many processes the system has killed for lack of memory, those in containers with a limit
    of their own included; None where it does not tell."""
    try:
        with open("/proc/vmstat", "rb") as file:
            found = _OOM_KILLS.search(file.read())
    except OSError:
        return None
    return int(found[1]) if found else None


class Exits:
    """Tells a lack of memory from a kill by somebody. Call `sample` about once a second: what the
    system has killed since the last but one is taken for the process that is asked about."""

    def __init__(self, count: Callable[[], int | None] = oom_kills) -> None:
        self._count = count
        self._older = self._newer = count()

    def sample(self) -> None:
        """Note the state of now."""
        self._older, self._newer = self._newer, self._count()

    def describe(self, code: int | None) -> str:
        """code: the exit code, a negative one being the signal; None where it is not known."""
        if code is None:
            return "ended"
        if code >= 0:
            return f"ended with exit code {code}"
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        if name != "SIGKILL":
            return f"was ended by {name}"
        before, now = self._older, self._count()
        if before is None or now is None:
            return "was killed (SIGKILL); if nobody did that, the machine ran out of memory"
        if now > before:
            return "was killed by the system, which ran out of memory (SIGKILL)"
        return "was killed (SIGKILL)"
