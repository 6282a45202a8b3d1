"""When an app is at rest, and how its time passes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from lazulite.errors import FunctionTimeout
from lazulite.testing.activity import Activity
from lazulite.testing.clock import ManualClock
from lazulite.testing.failures import overdue
from lazulite.testing.records import Records

NEARLY = timedelta(milliseconds=1)
TURNS = 20  # of the loop, without news, after which the app is taken to be at rest


class Rest:
    """Waits until nothing is under way: by counting, never by sleeping.

    busy: whether something runs; patience: seconds of real time that it may.
    """

    def __init__(
        self, activity: Activity, busy: Callable[[], bool], patience: float, records: Records
    ) -> None:
        self._activity = activity
        self._busy = busy
        self._patience = patience
        self._records = records
        self._settled = 0

    async def settle(self) -> None:
        """Return when nothing is under way and nothing moves any more; at once when nothing has
        happened since. Raises FunctionTimeout."""
        if self._activity.count != self._settled or self._busy():
            await self.wait()

    async def wait(self) -> None:
        """`settle`, whatever has happened since."""
        activity = self._activity
        seen, quiet = -1, 0
        deadline = time.monotonic() + self._patience
        while quiet < TURNS:
            left = deadline - time.monotonic()
            if self._busy():
                if not await activity.changed(self._busy, left):
                    raise self._restless()
                quiet = 0
            elif activity.count != seen:
                seen, quiet = activity.count, 0
                if left < 0:
                    raise self._restless()
            else:
                quiet += 1
            await asyncio.sleep(0)
        self._settled = activity.count

    def _restless(self) -> FunctionTimeout:
        running = [i for i in self._records.invocations if not i.ended]
        names = ", ".join(f"{i.function} ({i.id})" for i in running) or "its listeners"
        what = f"The app (running: {names}) did not come to rest"
        return overdue(what, self._patience)


async def pass_time(
    clock: ManualClock, to: datetime, rest: Rest, stops: Callable[[], Awaitable[Sequence[datetime]]]
) -> None:
    """Move a clock through every instant at which something is due. stops: those still to come."""
    while True:
        stop = min([to, *await stops()])
        if stop - clock.now() > NEARLY:
            # leases are renewed first, as they would have been all the time
            clock.move_to(stop - NEARLY)
            await rest.wait()
        clock.move_to(stop)
        await rest.wait()
        if stop >= to:
            return
