"""Work that one host of an app does at a time: a lease, kept alive while it is held."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from lazulite.abc import BindingContext, Clock, LeaseStore
from lazulite.errors import LazuliteError, StoreError

# Embedded stores are on one machine: short leases cost nothing there, and a host that is started
# again after a kill need not wait a minute for its own old lease.
EMBEDDED_PERIOD = 10.0
EMBEDDED_POLL = 5.0
_SECONDS = 60.0


class Lease:
    """One host's hold on a path of the state store.

    period: seconds that a lease lasts without renewal, which happens at half of it; poll: seconds
    between attempts while another host has it; leases: looked up at the first attempt.
    """

    def __init__(
        self,
        leases: Callable[[], LeaseStore],
        path: str,
        owner: str,
        period: float,
        poll: float,
        clock: Clock,
        log: Callable[[str, str, str], None],
    ) -> None:
        self._leases = leases
        self._path = path
        self._owner = owner
        self._period = period
        self._poll = poll
        self._clock = clock
        self._log = log
        self._id: str | None = None
        self._until = 0.0
        self._renewing: asyncio.Task[None] | None = None
        self._complained = False
        self.lost = asyncio.Event()

    @property
    def held(self) -> bool:
        """Whether no other host can have it now."""
        return self._id is not None and self._now() < self._until

    async def acquire(self) -> None:
        """Return once this host has the lease, which is renewed from then on.

        `lost` is set when it could not be; then call this again. A store that is away is asked
        again after `poll` seconds.
        """
        self._end()
        while True:
            asked = self._now()
            try:
                self._id = await self._leases().acquire(self._path, self._owner, self._period)
            except StoreError as error:
                self._complain(error)
            else:
                self._complained = False
            if self._id is not None:
                self._until = asked + self._period
                self.lost.clear()
                self._renewing = asyncio.create_task(self._renew())
                return
            await self._clock.sleep(self._poll)

    async def release(self) -> None:
        """Let another host have it at once."""
        id = self._id
        self._end()
        if id is None:
            return
        try:
            await self._leases().release(self._path, id)
        except LazuliteError:
            pass  # it expires by itself

    async def _renew(self) -> None:
        pause = self._period / 2
        while self._id is not None:
            await self._clock.sleep(pause)
            asked = self._now()
            try:
                kept = await self._leases().renew(self._path, self._id, self._period)
            except StoreError as error:
                self._complain(error)
                kept = asked < self._until
                pause = min(self._period / 10, 1.0)
            else:
                self._complained = False
                pause = self._period / 2
                if kept:
                    self._until = asked + self._period
            if not kept:
                self._log("Warning", "Host.Singleton", f"The lease '{self._path}' was lost.")
                self._id = None
                self.lost.set()

    def _end(self) -> None:
        if self._renewing is not None:
            self._renewing.cancel()
        self._renewing = None
        self._id = None

    def _complain(self, error: StoreError) -> None:
        if not self._complained:
            self._complained = True
            self._log(
                "Warning",
                "Host.Singleton",
                f"The host keeps trying to get or hold a lease: {error}",
            )

    def _now(self) -> float:
        return self._clock.now().timestamp()


def listener_lease(context: BindingContext, function: str) -> Lease:
    """The lease of a function's listener, named and timed as in the original.

    Raises SettingError when the host's own account is misconfigured.
    """
    embedded = context.accounts.get("", function, "").kind == "embedded"
    most = (EMBEDDED_PERIOD, EMBEDDED_POLL) if embedded else None
    return host_lease(context, f"Host.Functions.{function}.Listener", most)


def host_lease(context: BindingContext, name: str, most: tuple[float, float] | None) -> Lease:
    """A lease among the hosts of the app, timed by host.json's `singleton`; most: the longest
    period and poll, in seconds, where the store allows for shorter ones."""
    period = float(context.singleton.get("listener_lock_period", _SECONDS))
    poll = float(context.singleton.get("listener_lock_recovery_polling_interval", _SECONDS))
    if most is not None:
        period, poll = min(period, most[0]), min(poll, most[1])
    return Lease(
        context.state.leases,
        f"azure-webjobs-hosts/locks/{context.host_id}/{name}",
        context.instance_id,
        period,
        poll,
        context.clock,
        context.log,
    )
