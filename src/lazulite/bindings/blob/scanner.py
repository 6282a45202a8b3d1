"""Finds the new and changed blobs of one container by listing it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from lazulite.abc import Account, BindingContext, BlobProperties
from lazulite.bindings.blob.consumer import CATEGORY
from lazulite.bindings.blob.watch import Watch
from lazulite.errors import LazuliteError, NotFound

CHUNK = 256
# Blobs are looked at again until they are this old: time for clocks that differ, and for uploads
# that end while a listing is under way.
SLACK = timedelta(minutes=5)
SAVE_SECONDS = 10.0
# A listing that took long is followed by a pause of this many times as long.
PACE = 4.0

Found = tuple[Watch, BlobProperties]
Offer = Callable[[Sequence[Found]], Awaitable[list[Found]]]


class Scanner:
    """Looks at a container whenever the store says that it changed, and every `interval` seconds.

    offer: queues the work for what was found; returns what another host has in hand, to be looked
    at again. may_scan: waits until this host is the one to scan.
    """

    def __init__(
        self,
        context: BindingContext,
        account: Account,
        container: str,
        interval: float,
        offer: Offer,
        may_scan: Callable[[], Awaitable[None]],
    ) -> None:
        self._context = context
        self._account = account
        self._container = container
        self._interval = interval
        self._offer = offer
        self._may_scan = may_scan
        place = f"{context.host_id}/{account.name}/{container}"
        self._state_path = f"azure-webjobs-hosts/blobscaninfo/{place}/scanInfo"
        self.watches: list[Watch] = []
        self._loaded: set[int] = set()
        self._saved_at = datetime.min.replace(tzinfo=timezone.utc)
        self._last_started = self._saved_at
        self._unsaved = False
        self._complained = False
        self._absent = False
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()

    def start(self) -> None:
        """Begin, or look at once when it has begun."""
        self._wake.set()
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.wait({self._task})
        self._task = None
        if self._unsaved:
            try:
                await self._save()
            except LazuliteError:
                pass  # the receipts know better anyway

    async def _run(self) -> None:
        clock = self._context.clock
        while True:
            await self._may_scan()
            changed = asyncio.ensure_future(self._account.blobs.changed(self._container))
            self._wake.clear()
            try:
                started = clock.now()
                pending = await self._look()
                took = (clock.now() - started).total_seconds()
                await clock.sleep(min(PACE * took, self._interval))
                pause = min(self._interval, 5.0) if pending else self._interval
                await _first(_done(changed), self._wake.wait(), clock.sleep(pause))
            finally:
                changed.cancel()

    async def _look(self) -> bool:
        """Sweep, whatever comes of it. True when something was left to look at again."""
        try:
            pending = await self._sweep()
        except NotFound:
            self._tell_absent()
        except LazuliteError as error:
            self._complain(str(error))
        except Exception as error:
            self._complain(repr(error))
        else:
            self._at_ease()
            return pending
        return False

    async def _sweep(self) -> bool:
        """Look at all blobs once. True when something was left to look at again."""
        started = self._context.clock.now()
        await self._load()
        watches = tuple(self.watches)
        if started < self._last_started:  # the clock was set back: times tell nothing
            for watch in watches:
                watch.mark = None
        self._last_started = started
        young = _Young(started - SLACK)
        newest: datetime | None = None
        found: list[Found] = []
        left: list[Found] = []
        prefix = _common_prefix([watch.pattern.prefix for watch in watches])
        async for blob in self._account.blobs.list(self._container, prefix=prefix):
            newest = blob.last_modified if newest is None else max(newest, blob.last_modified)
            young.newest = newest
            for watch in watches:
                if watch.wants(blob):
                    found.append((watch, blob))
                elif watch.remembers(blob):
                    young.note(watch, blob)
            if len(found) >= CHUNK:
                left += await self._hand_over(found, young)
                found = []
        left += await self._hand_over(found, young)
        for watch in watches:
            watch.seen = young.of(watch)
        if not left:
            self._advance(watches, newest, started)
        if self._unsaved and (started - self._saved_at).total_seconds() >= SAVE_SECONDS:
            await self._save()
        return bool(left)

    async def _hand_over(self, found: Sequence[Found], young: _Young) -> list[Found]:
        if not found:
            return []
        left = await self._offer(found)
        waiting = {(id(watch), blob.name) for watch, blob in left}
        for watch, blob in found:
            if (id(watch), blob.name) not in waiting:
                young.note(watch, blob)
        return left

    def _advance(
        self, watches: Sequence[Watch], newest: datetime | None, started: datetime
    ) -> None:
        """Forget what is old enough never to be looked at again."""
        if newest is None:
            return
        mark = min(newest, started - SLACK)
        for watch in watches:
            if watch.mark is None or mark > watch.mark:
                watch.mark = mark
                self._unsaved = True

    async def _load(self) -> None:
        """Take up where this host or another one stopped, for each function of the same path."""
        fresh = [watch for watch in self.watches if id(watch) not in self._loaded]
        if not fresh:
            return
        document = await self._context.state.read(self._state_path)
        scan, patterns = _parse(document.body if document else b"")
        for watch in fresh:
            is_past = scan is not None and scan <= self._context.clock.now()
            if is_past and patterns.get(watch.id) == watch.pattern.text:
                watch.mark = scan
            self._loaded.add(id(watch))

    async def _save(self) -> None:
        marks = [watch.mark for watch in self.watches if watch.mark is not None]
        if not marks:
            return
        body = {
            "LatestScan": min(marks).isoformat(),
            "Patterns": {watch.id: watch.pattern.text for watch in self.watches if watch.mark},
        }
        await self._context.state.write(self._state_path, json.dumps(body).encode())
        self._saved_at = self._context.clock.now()
        self._unsaved = False

    def forget(self, watch: Watch) -> None:
        """Look at its blobs no more."""
        self.watches.remove(watch)
        self._loaded.discard(id(watch))

    def _tell_absent(self) -> None:
        if not self._absent:
            self._absent = True
            names = ", ".join(f"'{watch.function.name}'" for watch in self.watches)
            self._context.log(
                "Information",
                CATEGORY,
                f"The container '{self._container}' that {names} watches is not there yet.",
            )

    def _at_ease(self) -> None:
        self._absent = False
        if self._complained:
            self._complained = False
            text = f"The container '{self._container}' can be reached again."
            self._context.log("Information", CATEGORY, text)

    def _complain(self, error: str) -> None:
        if not self._complained:
            self._complained = True
            self._context.log(
                "Warning",
                CATEGORY,
                f"The container '{self._container}' cannot be looked at now; "
                f"it is tried again: {error}",
            )


class _Young:
    """Etags by watch and name of blobs that the next sweep looks at, too: those that the mark will
    not be beyond, which is `since` or the newest blob's time if that is earlier."""

    def __init__(self, since: datetime) -> None:
        self._since = since
        self._etags: dict[int, dict[str, str]] = {}
        self.newest = since

    def note(self, watch: Watch, blob: BlobProperties) -> None:
        if blob.last_modified >= min(self._since, self.newest):
            self.of(watch)[blob.name] = blob.etag

    def of(self, watch: Watch) -> dict[str, str]:
        return self._etags.setdefault(id(watch), {})


def _parse(body: bytes) -> tuple[datetime | None, dict[str, str]]:
    try:
        raw = json.loads(body)
        scan = datetime.fromisoformat(raw["LatestScan"])
        patterns = raw["Patterns"]
    except (ValueError, KeyError, TypeError):
        return None, {}
    if scan.tzinfo is None or not isinstance(patterns, dict):
        return None, {}
    return scan, patterns


def _common_prefix(texts: Sequence[str]) -> str:
    if not texts:
        return ""
    low, high = min(texts), max(texts)
    length = next((i for i, c in enumerate(low) if i >= len(high) or c != high[i]), len(low))
    return low[:length]


async def _first(*what: Coroutine[Any, Any, Any]) -> None:
    tasks = [asyncio.ensure_future(one) for one in what]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


async def _done(future: asyncio.Future[None]) -> None:
    await asyncio.wait({future})
