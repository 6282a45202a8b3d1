"""Receipts: which function has been given which version of which blob."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from lazulite.abc import Clock, StateStore
from lazulite.bindings.blob.work import Work
from lazulite.errors import Conflict

_LONGEST = 1024
# A claim whose work was not queued by then is that of a host that died. Hosts of an embedded store
# are on one machine, where queueing takes milliseconds.
CLAIM_SECONDS = 30.0
CLAIM_EMBEDDED = 10.0


class Taken(Enum):
    """Why a claim was not had."""

    DONE = "its work was queued before"
    BUSY = "another host is about to queue it"


@dataclass(frozen=True, slots=True)
class Claim:
    """The right and duty to queue the work and then to `complete` it."""

    work: Work
    path: str
    version: str


class Receipts:
    """A receipt is written before the work is queued (as a claim, with the time) and completed, by
    emptying it, afterwards. Hence two hosts do not queue the same work, and work is not lost when
    one dies in between: its claim expires, `seconds` after it was made."""

    def __init__(
        self,
        state: StateStore,
        host_id: str,
        clock: Clock,
        seconds: Callable[[], float] = lambda: CLAIM_SECONDS,
    ) -> None:
        self._state = state
        self._host_id = host_id
        self._clock = clock
        self._seconds = seconds

    async def claim(self, work: Work) -> Claim | Taken:
        path = self._path(work)
        now = self._clock.now()
        body = json.dumps({"Incomplete": now.isoformat()}).encode()
        try:
            return Claim(work, path, await self._state.write(path, body, create=True))
        except Conflict:
            pass
        found = await self._state.read(path)
        if found is None:
            return Taken.BUSY
        if not found.body:
            return Taken.DONE
        if not _expired(found.body, now, self._seconds()):
            return Taken.BUSY
        try:
            version = await self._state.write(path, body, version=found.version)
        except Conflict:
            return Taken.BUSY
        return Claim(work, path, version)

    async def complete(self, claim: Claim) -> None:
        try:
            await self._state.write(claim.path, b"", version=claim.version)
        except Conflict:
            pass  # it took so long that another host claimed it: both have queued the work

    def _path(self, work: Work) -> str:
        start = f"azure-webjobs-hosts/blobreceipts/{self._host_id}/{work.function}/{work.etag}"
        path = f"{start}/{work.container}/{work.name}"
        if len(path) > _LONGEST:
            path = f"{start}/{work.container}/{hashlib.sha256(work.name.encode()).hexdigest()}"
        return path


def _expired(body: bytes, now: datetime, seconds: float) -> bool:
    try:
        since = datetime.fromisoformat(json.loads(body)["Incomplete"])
        return now - since > timedelta(seconds=seconds)
    except (ValueError, KeyError, TypeError):
        return True
