"""What all blob-triggered functions of a host share: the scanners, the work queue, its consumer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from lazulite.abc import Account, BindingContext, BlobProperties, QueueMessage
from lazulite.bindings.blob.consumer import (
    CATEGORY,
    DONE,
    TROUBLE_PAUSE,
    Consumer,
    Verdict,
)
from lazulite.bindings.blob.content import discard, fetch
from lazulite.bindings.blob.deferred import reference
from lazulite.bindings.blob.options import BlobOptions
from lazulite.bindings.blob.receipts import CLAIM_EMBEDDED, CLAIM_SECONDS, Claim, Receipts, Taken
from lazulite.bindings.blob.scanner import Found, Scanner
from lazulite.bindings.blob.watch import EVENT_GRID, Watch, event_of
from lazulite.bindings.blob.work import POISON_QUEUE, Work, work_queue
from lazulite.bindings.singleton import Lease, host_lease
from lazulite.errors import NotFound, StoreError, StoreUnavailable
from lazulite.model import Data

_DEVELOPMENT_ACCOUNT = "devstoreaccount1"
_SCAN_SECONDS = 10.0
_EMULATOR_SCAN_SECONDS = 2.0
_LONGEST_PAUSE = 60.0
_DEVELOPMENT_PAUSE = 2.0
_UNKNOWN_PAUSE = 30.0
_OUTAGE_PAUSE = 30.0
_EMULATOR_LEASE = 15.0
_EMULATOR_LEASE_POLL = 5.0
AT_ONCE = 0.0


class BlobHub:
    """Starts with the first function that watches blobs and stops with the last."""

    def __init__(self, context: BindingContext, options: BlobOptions) -> None:
        self._context = context
        self._options = options
        self._queue = work_queue(context.host_id)
        self._receipts = Receipts(
            context.state, context.host_id, context.clock, lambda: _claim_seconds(context)
        )
        self._watches: dict[str, Watch] = {}
        self._leaving: set[str] = set()
        self._scanners: dict[tuple[str, str, str], Scanner] = {}
        self._consumer: Consumer | None = None
        self._scanning = asyncio.Lock()
        self._lease: Lease | None = None

    # functions come and go

    def start(self, watch: Watch) -> None:
        """Raises SettingError when the host's own account is misconfigured."""
        if self._consumer is None:
            self._consumer = self._new_consumer()
            self._consumer.start()
        self._watches[watch.id] = watch
        # the embedded store is its own source of events, as nobody else sends any
        if watch.source != EVENT_GRID or watch.account.kind == "embedded":
            scanner = self._scanner(watch)
            scanner.watches.append(watch)
            scanner.start()

    async def stop(self, watch: Watch) -> None:
        """Look for no more of its blobs; with the last function, wait for those that run."""
        self._leaving.add(watch.id)
        await asyncio.sleep(0)  # others that stop at the same time say so now
        try:
            if self._leaving >= self._watches.keys():
                await self._stop_consumer()
        finally:
            self._watches.pop(watch.id, None)
            self._leaving.discard(watch.id)
            await self._stop_scanning(watch)

    async def _stop_scanning(self, watch: Watch) -> None:
        key = _key(watch)
        scanner = self._scanners.get(key)
        if scanner is not None and watch in scanner.watches:
            if len(scanner.watches) == 1:
                del self._scanners[key]
                await scanner.stop()
            scanner.forget(watch)
        if not self._scanners and self._lease is not None:
            lease, self._lease = self._lease, None
            await lease.release()

    async def _stop_consumer(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await consumer.stop()

    def watch_of(self, function_id: str) -> Watch | None:
        return self._watches.get(function_id)

    def _scanner(self, watch: Watch) -> Scanner:
        key = _key(watch)
        if key not in self._scanners:
            account = watch.account
            emulated = account.kind != "embedded" and account.name == _DEVELOPMENT_ACCOUNT
            self._scanners[key] = Scanner(
                self._context,
                account,
                watch.pattern.container,
                _EMULATOR_SCAN_SECONDS if emulated else _SCAN_SECONDS,
                self.offer,
                _at_once if account.kind == "embedded" else self._may_scan,
            )
        return self._scanners[key]

    def _new_consumer(self) -> Consumer:
        context = self._context
        return Consumer(
            self._host_account().queues,
            self._queue,
            self._options.parallelism,
            _DEVELOPMENT_PAUSE if context.development else _LONGEST_PAUSE,
            self._handle,
            context.clock,
            context.log,
        )

    async def _may_scan(self) -> None:
        """Return once this host is the one that lists containers: listing costs, and one is enough.

        Not for the embedded store, where it costs nothing and no host need wait for another.
        """
        async with self._scanning:
            if self._lease is None:
                self._lease = self._new_lease()
            if not self._lease.held:
                await self._lease.acquire()

    def _new_lease(self) -> Lease:
        # an emulator: a host that is started again after a kill need not wait for minutes
        emulated = self._host_account().name == _DEVELOPMENT_ACCOUNT
        most = (_EMULATOR_LEASE, _EMULATOR_LEASE_POLL) if emulated else None
        return host_lease(self._context, "WebJobs.Internal.Blobs.Listener", most)

    # from what was found to the work queue

    async def offer(self, found: Sequence[Found]) -> list[Found]:
        """Queue the work for blobs whose functions were not given them yet.

        Returns those that another host has claimed and may or may not queue.
        """
        claims = await asyncio.gather(
            *(self._receipts.claim(Work.of(watch.id, blob)) for watch, blob in found)
        )
        mine = [claim for claim in claims if isinstance(claim, Claim)]
        if mine:
            bodies = [claim.work.encode() for claim in mine]
            await self._host_account().queues.put(self._queue, bodies)
            await asyncio.gather(*(self._receipts.complete(claim) for claim in mine))
        return [one for one, claim in zip(found, claims, strict=True) if claim is Taken.BUSY]

    # from the work queue to the function

    async def _handle(self, message: QueueMessage) -> Verdict:
        """Handle one message: see Consumer."""
        try:
            return await self._handle_now(message)
        except StoreUnavailable as error:
            # its tries are for its function: a new message in its place, counted from the start
            queues = self._host_account().queues
            await queues.put(self._queue, [message.body], delay=_OUTAGE_PAUSE)
            text = (
                f"A blob's store cannot be reached; it is put back for {_OUTAGE_PAUSE:g} s: {error}"
            )
            self._context.log("Warning", CATEGORY, text)
            return DONE

    async def _handle_now(self, message: QueueMessage) -> Verdict:
        try:
            work = Work.decode(message.body)
        except ValueError:
            await self._poison(None, message, "it is no message of a blob trigger")
            return DONE
        watch = self._watches.get(work.function)
        if watch is None:
            return self._unknown(work, message)
        if message.dequeue_count > self._options.poison_blob_threshold:
            await self._poison(watch, message, "it was tried too often")
            return DONE
        try:
            blob = await watch.account.blobs.properties(work.container, work.name)
            if blob.etag != work.etag:
                return await self._changed(watch, blob)
            return await self._run(watch, work, message, blob)
        except NotFound:
            return DONE  # deleted meanwhile: nothing to be done

    async def _run(
        self, watch: Watch, work: Work, message: QueueMessage, blob: BlobProperties
    ) -> Verdict:
        if watch.deferred:
            connection = watch.binding.connection
            value = reference(connection, blob.container, blob.name, self._context.settings)
        else:
            value, blob = await fetch(
                watch.account.blobs, work.container, work.name, self._context.spool
            )
        try:
            if blob.etag != work.etag:
                return await self._changed(watch, blob)
            return await self._execute(watch, message, blob, value)
        finally:
            discard(value)

    async def _execute(
        self, watch: Watch, message: QueueMessage, blob: BlobProperties, value: Data
    ) -> Verdict:
        details = {
            "MessageId": message.id,
            "DequeueCount": str(message.dequeue_count),
            "InsertedOn": message.inserted.isoformat(),
        }
        outcome = await watch.executor.execute(event_of(watch, blob, value, details))
        if outcome.ok:
            return DONE
        tries = self._options.poison_blob_threshold
        if outcome.unstarted or message.dequeue_count < tries:
            return AT_ONCE
        await self._poison(watch, message, f"its function failed {tries} times")
        return DONE

    async def _changed(self, watch: Watch, blob: BlobProperties) -> Verdict:
        """The message is of an older version: see that there is one of the present version."""
        if watch.pattern.match(blob.container, blob.name) is None:
            return DONE
        return TROUBLE_PAUSE if await self.offer([(watch, blob)]) else DONE

    def _unknown(self, work: Work, message: QueueMessage) -> Verdict:
        if message.dequeue_count < self._options.poison_blob_threshold:
            return _UNKNOWN_PAUSE  # a host with newer or older code may have it
        self._context.log(
            "Warning",
            CATEGORY,
            f"The blob '{work.container}/{work.name}' is passed over: the function it waits for, "
            f"{work.function}, is not in this app or is disabled.",
        )
        return DONE

    async def _poison(self, watch: Watch | None, message: QueueMessage, why: str) -> None:
        host = self._host_account()
        account = watch.account if watch else host
        text = message.body.decode("utf-8", "replace")
        self._context.log(
            "Warning",
            f"Function.{watch.function.name}" if watch else CATEGORY,
            f"Moving the message '{text}' to the queue '{POISON_QUEUE}': {why}.",
        )
        try:
            await account.queues.put(POISON_QUEUE, [message.body])
        except StoreError:
            if account is host:
                raise
            await host.queues.put(POISON_QUEUE, [message.body])

    def _host_account(self) -> Account:
        return self._context.accounts.get("", "", "")


async def _at_once() -> None: ...


def _key(watch: Watch) -> tuple[str, str, str]:
    return watch.account.kind, watch.account.name, watch.pattern.container


def _claim_seconds(context: BindingContext) -> float:
    account = context.accounts.get("", "", "")
    return CLAIM_EMBEDDED if account.kind == "embedded" else CLAIM_SECONDS
