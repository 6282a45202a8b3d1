"""The blob trigger: each new and changed blob, at least once and normally once."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lazulite.abc import BlobStore
from lazulite.bindings.blob.consumer import VISIBILITY
from lazulite.bindings.blob.content import INLINE_LIMIT
from lazulite.bindings.blob.receipts import CLAIM_SECONDS, Claim, Receipts
from lazulite.bindings.blob.trigger import BlobTrigger
from lazulite.bindings.blob.work import POISON_QUEUE, Work, work_queue
from lazulite.errors import BindingError, ConfigError, NotFound, StoreUnavailable
from lazulite.model import TriggerEvent
from lazulite.testing.clock import ManualClock
from tests.bindings.blob.kit import Kit, OneAccount, Runs, blob_function, open_kit, run

QUEUE = work_queue("app")


async def queue_length(kit: Kit, queue: str = QUEUE) -> int:
    try:
        return await kit.account.queue_admin.length(queue)
    except NotFound:
        return 0


def test_blobs_that_are_there_and_that_come_are_run_once(tmp_path: Path) -> None:
    async def body() -> None:
        async with open_kit(tmp_path) as kit:
            await kit.put("samples/old/a.txt", b"first", owner="me")
            await kit.put("samples/b.png", b"no match")
            await kit.put("others/old/c.txt", b"elsewhere")
            runs = Runs()
            async with kit.listening(runs, "samples/{folder}/{name}.txt"):
                await runs.wait(1)
                await kit.put("samples/new/d.txt", b"second")
                await runs.wait(2)
            assert runs.blobs == ["samples/new/d.txt", "samples/old/a.txt"]
            assert runs.contents == [b"first", b"second"]
            event = runs.events[0]
            assert event.reason == "New blob detected(LogsAndContainerScan): samples/old/a.txt"
            assert event.metadata["folder"] == "old"
            assert event.metadata["name"] == "a"
            assert event.metadata["Metadata"] == {"owner": "me"}
            assert event.metadata["Properties"]["ContentLength"] == 5
            assert event.metadata["Uri"].endswith("/samples/old/a.txt")
            assert event.details["DequeueCount"] == "1"
            assert await queue_length(kit) == 0

    run(body())


def test_a_container_alone_means_all_its_blobs_and_may_come_later(tmp_path: Path) -> None:
    async def body() -> None:
        async with open_kit(tmp_path) as kit:
            runs = Runs()
            async with kit.listening(runs, "later"):
                await kit.put("later/deep/er", b"{}")
                await runs.wait(1)
            assert runs.blobs == ["later/deep/er"]

    run(body())


def test_a_changed_blob_is_run_again_and_an_unchanged_one_is_not(tmp_path: Path) -> None:
    async def body() -> None:
        async with open_kit(tmp_path) as kit:
            runs = Runs()
            async with kit.listening(runs, "samples/{name}"):
                await kit.put("samples/a", b"1")
                await runs.wait(1)
                await kit.put("samples/a", b"2")
                await runs.wait(2)
            again = Runs()
            async with kit.listening(again, "samples/{name}"):
                await kit.put("samples/b", b"3")
                await again.wait(1)
            assert runs.contents == [b"1", b"2"]
            assert again.contents == [b"3"]

    run(body())


def test_a_host_that_starts_again_runs_what_came_meanwhile_only(tmp_path: Path) -> None:
    clock = ManualClock()

    async def first() -> None:
        async with open_kit(tmp_path, clock) as kit:
            runs = Runs()
            async with kit.listening(runs, "samples/{name}"):
                await kit.put("samples/a")
                await runs.wait(1)

    async def meanwhile() -> None:
        clock.move_to(clock.now() + timedelta(hours=1))
        async with open_kit(tmp_path, clock) as kit:
            await kit.put("samples/b")

    async def second() -> None:
        clock.move_to(clock.now() + timedelta(hours=1))
        async with open_kit(tmp_path, clock) as kit:
            runs = Runs()
            async with kit.listening(runs, "samples/{name}"):
                await runs.wait(1)
            assert runs.blobs == ["samples/b"]
            # a function that is new, or watches something else now, begins at the beginning
            other = Runs()
            async with kit.listening(other, "samples/{name}", name="other"):
                await other.wait(2)
            assert other.blobs == ["samples/a", "samples/b"]

    for part in (first, meanwhile, second):
        run(part())


def test_several_functions_of_one_container_get_each_blob(tmp_path: Path) -> None:
    async def body() -> None:
        async with open_kit(tmp_path) as kit:
            one, two = Runs(), Runs()
            async with (
                kit.listening(one, "samples/{name}", name="one"),
                kit.listening(two, "samples/in/{name}.txt", name="two"),
            ):
                await kit.put("samples/in/a.txt")
                await kit.put("samples/b.txt")
                await one.wait(2)
                await two.wait(1)
            assert one.blobs == ["samples/b.txt", "samples/in/a.txt"]
            assert two.blobs == ["samples/in/a.txt"]

    run(body())


def test_a_blob_whose_function_fails_is_tried_five_times_and_then_kept_aside(
    tmp_path: Path,
) -> None:
    async def fails(event: TriggerEvent) -> str:
        return "ValueError: no"

    async def body() -> None:
        async with open_kit(tmp_path) as kit:
            runs = Runs(fails)
            async with kit.listening(runs, "samples/{name}"):
                await kit.put("samples/bad", b"bad")
                await runs.wait(5)
            counts = [event.details["DequeueCount"] for event in runs.events]
            assert counts == ["1", "2", "3", "4", "5"]
            assert await queue_length(kit) == 0
            (poison,) = await kit.account.queue_admin.peek(POISON_QUEUE, 32)
            told = json.loads(poison.body)
            assert told.pop("ETag") == (await kit.account.blobs.properties("samples", "bad")).etag
            assert told == {
                "Type": "BlobTrigger",
                "FunctionId": "Host.Functions.fn",
                "BlobType": "BlockBlob",
                "ContainerName": "samples",
                "BlobName": "bad",
            }
            assert [line for line in kit.log if POISON_QUEUE in line]

    run(body())


def test_the_number_of_tries_and_of_blobs_at_a_time_come_from_host_json(tmp_path: Path) -> None:
    running, most = 0, 0
    opened = asyncio.Event()

    async def fails(event: TriggerEvent) -> str:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await opened.wait()
        running -= 1
        return "no"

    options = {"poisonBlobThreshold": 2, "maxDegreeOfParallelism": 3}

    async def body() -> None:
        async with open_kit(tmp_path, options=options) as kit:
            runs = Runs(fails)
            for name in "abcdefg":
                await kit.put(f"samples/{name}")
            async with kit.listening(runs, "samples/{name}"):
                await runs.wait(2)
                opened.set()
                await runs.wait(14)
            assert most <= 3
            assert await queue_length(kit, POISON_QUEUE) == 7

    run(body())


def test_wrong_options_are_told(tmp_path: Path) -> None:
    async def body() -> None:
        with pytest.raises(ConfigError, match="maxDegreeOfParallelism"):
            async with open_kit(tmp_path, options={"maxDegreeOfParallelism": 0}):
                pass

    run(body())


def test_two_hosts_share_the_blobs_and_run_each_once(tmp_path: Path) -> None:
    async def body() -> None:
        async with (
            open_kit(tmp_path, instance="one") as one,
            open_kit(tmp_path, instance="two") as two,
        ):
            runs = Runs()
            expected = sorted(f"samples/{number:03}" for number in range(100))
            async with (
                one.listening(runs, "samples/{name}"),
                two.listening(runs, "samples/{name}"),
            ):
                for path in expected:
                    await one.put(path)
                await runs.wait(100)
            assert runs.blobs == expected

    run(body())


def test_work_that_a_killed_host_had_taken_is_done_by_the_next(tmp_path: Path) -> None:
    clock = ManualClock()

    async def body() -> None:
        async with open_kit(tmp_path, clock) as kit:
            await kit.put("samples/a", b"a")
            blob = await kit.account.blobs.properties("samples", "a")
            queues = kit.account.queues
            # a host claims and queues the work, takes it, and is killed
            receipts = Receipts(kit.account.state, "app", clock)
            claim = await receipts.claim(Work.of("Host.Functions.fn", blob))
            assert isinstance(claim, Claim)
            await queues.put(QUEUE, [Work.of("Host.Functions.fn", blob).encode()])
            await receipts.complete(claim)
            assert len(await queues.receive(QUEUE, 1, VISIBILITY)) == 1
            clock.move_to(clock.now() + timedelta(seconds=VISIBILITY + 1))
            runs = Runs()
            async with kit.listening(runs, "samples/{name}"):
                await runs.wait(1)
            assert runs.contents == [b"a"]
            assert runs.events[0].details["DequeueCount"] == "2"

    run(body())


def test_work_that_a_killed_host_had_not_queued_is_queued_by_the_next(tmp_path: Path) -> None:
    clock = ManualClock()

    async def body() -> None:
        async with open_kit(tmp_path, clock) as kit:
            await kit.put("samples/a", b"a")
            blob = await kit.account.blobs.properties("samples", "a")
            await Receipts(kit.account.state, "app", clock).claim(
                Work.of("Host.Functions.fn", blob)
            )
            runs = Runs()
            async with kit.listening(runs, "samples/{name}"):
                await kit.put("samples/b", b"b")
                await runs.wait(1)  # and the first is left alone while it may be in hand
                assert runs.contents == [b"b"]
                clock.move_to(clock.now() + timedelta(seconds=CLAIM_SECONDS + 1))
                await kit.put("samples/c", b"c")
                await runs.wait(3)
            assert sorted(runs.contents) == [b"a", b"b", b"c"]

    run(body())


def test_a_message_of_an_older_version_leads_to_the_present_one(tmp_path: Path) -> None:
    async def body() -> None:
        async with open_kit(tmp_path) as kit:
            await kit.put("samples/a", b"old")
            old = Work.of("Host.Functions.fn", await kit.account.blobs.properties("samples", "a"))
            gone = Work("Host.Functions.fn", "samples", "gone", '"0x1"')
            await kit.put("samples/a", b"new")
            await kit.account.queues.put(QUEUE, [old.encode(), gone.encode()])
            runs = Runs()
            async with kit.listening(runs, "samples/{name}"):
                await runs.wait(1)
            assert runs.contents == [b"new"]
            # the old one may wait to see that what the scan found is queued
            left = await kit.account.queue_admin.peek(QUEUE, 32)
            assert {message.body for message in left} <= {old.encode()}

    run(body())


def test_a_clock_that_is_set_back_hides_no_blob(tmp_path: Path) -> None:
    clock = ManualClock()

    async def body() -> None:
        async with open_kit(tmp_path, clock) as kit:
            runs = Runs()
            async with kit.listening(runs, "samples/{name}"):
                await kit.put("samples/a")
                await runs.wait(1)
                clock.move_to(clock.now() + timedelta(days=2))
                await kit.put("samples/b")
                await runs.wait(2)
                clock.move_to(clock.now() - timedelta(days=1))
                await kit.put("samples/c")
                await runs.wait(3)
            assert runs.blobs == ["samples/a", "samples/b", "samples/c"]

    run(body())


def test_folders_of_a_hierarchical_account_are_no_blobs(tmp_path: Path) -> None:
    async def body() -> None:
        async with open_kit(tmp_path) as kit:
            runs = Runs()
            async with kit.listening(runs, "samples/{name}"):
                await kit.put("samples/folder", b"", hdi_isfolder="true")
                await kit.put("samples/folder/a")
                await runs.wait(1)
            assert runs.blobs == ["samples/folder/a"]

    run(body())


def test_a_container_that_vanishes_is_watched_for_again(tmp_path: Path) -> None:
    async def body() -> None:
        async with open_kit(tmp_path) as kit:
            runs = Runs()
            async with kit.listening(runs, "samples/{name}"):
                await kit.put("samples/a", b"1")
                await runs.wait(1)
                await kit.account.blob_admin.drop("samples")
                await kit.put("samples/a", b"2")
                await runs.wait(2)
            assert runs.contents == [b"1", b"2"]

    run(body())


def test_a_store_that_cannot_be_listed_is_tried_again_and_told_of_once(tmp_path: Path) -> None:
    @dataclasses.dataclass
    class Refusing:
        """A blob store whose listing fails some times."""

        inner: BlobStore
        errors: list[Exception]

        def __getattr__(self, name: str) -> Any:
            if self.errors and name == "list":
                raise self.errors.pop()
            return getattr(self.inner, name)

    errors = [StoreUnavailable("away"), OSError("odd"), StoreUnavailable("away")]

    async def body() -> None:
        async with open_kit(tmp_path) as kit:
            blobs = Refusing(kit.account.blobs, errors)
            account = dataclasses.replace(kit.account, blobs=blobs)
            kit.trigger = BlobTrigger(
                dataclasses.replace(kit.context, accounts=OneAccount(account))
            )
            runs = Runs()
            async with kit.listening(runs, "samples/{name}"):
                while errors:
                    await kit.put("samples/a")
                await kit.put("samples/b")
                await runs.wait(2)
            told = [line for line in kit.log if "container 'samples'" in line]
            assert len(told) == 2
            assert "can be reached again" in told[1]

    run(body())


def test_an_outage_of_the_blobs_store_costs_no_tries(tmp_path: Path) -> None:
    clock = ManualClock()

    @dataclasses.dataclass
    class Out:
        """A blob store that cannot be reached at first."""

        inner: BlobStore
        away: bool = True

        def __getattr__(self, name: str) -> Any:
            if self.away and name in ("properties", "download"):
                raise StoreUnavailable("away")
            return getattr(self.inner, name)

    async def body() -> None:
        async with open_kit(tmp_path, clock, options={"poisonBlobThreshold": 1}) as kit:
            blobs = Out(kit.account.blobs)
            account = dataclasses.replace(kit.account, blobs=blobs)
            context = dataclasses.replace(kit.context, accounts=OneAccount(account))
            kit.trigger = BlobTrigger(context)
            runs = Runs()
            async with kit.listening(runs, "samples/{name}"):
                await kit.put("samples/a")
                while not any("store cannot be reached" in line for line in kit.log):
                    await asyncio.sleep(0)
                blobs.away = False
                clock.move_to(clock.now() + timedelta(seconds=31))
                await runs.wait(1)
            assert await queue_length(kit, POISON_QUEUE) == 0

    run(body())


def test_messages_that_nobody_can_use_are_told_and_put_aside(tmp_path: Path) -> None:
    async def body() -> None:
        async with open_kit(tmp_path) as kit:
            await kit.account.queues.put(QUEUE, [b"not JSON", b'{"FunctionId": "x"}'])
            runs = Runs()
            async with kit.listening(runs, "samples/{name}"):
                await kit.put("samples/a")
                await runs.wait(1)
            assert await queue_length(kit, POISON_QUEUE) == 2
            assert len([line for line in kit.log if "no message of a blob trigger" in line]) == 2

    run(body())


def test_a_message_for_a_function_that_is_not_here_waits_and_is_then_passed_over(
    tmp_path: Path,
) -> None:
    clock = ManualClock()

    async def body() -> None:
        async with open_kit(tmp_path, clock, options={"poisonBlobThreshold": 1}) as kit:
            await kit.account.queues.put(QUEUE, [Work("gone", "samples", "x", '"1"').encode()])
            runs = Runs()
            async with kit.listening(runs, "samples/{name}"):
                await kit.put("samples/a")
                await runs.wait(1)
            assert await queue_length(kit) == 0
            assert [line for line in kit.log if "gone, is not in this app" in line]

    run(body())


def test_a_large_blob_is_a_file_that_goes_with_its_run(tmp_path: Path) -> None:
    large = b"0123456789abcdef" * (INLINE_LIMIT // 16) + b"."

    async def body() -> None:
        async with open_kit(tmp_path) as kit:
            runs = Runs()
            async with kit.listening(runs, "samples/{name}"):
                await kit.put("samples/large", large)
                await runs.wait(1)
            assert runs.events[0].value.type == "file"
            assert runs.contents == [large]
            assert kit.spooled == []

    run(body())


def test_what_runs_when_the_host_gives_up_waiting_goes_back(tmp_path: Path) -> None:
    async def hangs(event: TriggerEvent) -> str | None:
        await asyncio.Event().wait()
        return None

    async def body() -> None:
        async with open_kit(tmp_path) as kit:
            runs = Runs(hangs)
            function = blob_function("samples/{name}")
            assert function.trigger
            listener = kit.trigger.listener(function, function.trigger, runs)
            await listener.start()
            await kit.put("samples/a")
            await runs.wait(1)
            stopping = asyncio.create_task(listener.stop())
            done, _ = await asyncio.wait({stopping}, timeout=0.1)
            assert not done
            stopping.cancel()
            with pytest.raises(asyncio.CancelledError):
                await stopping
            (message,) = await kit.account.queues.receive(QUEUE, 1, 1)
            assert message.dequeue_count == 2

    run(body())


def test_a_run_by_hand_takes_a_blob_by_its_path(tmp_path: Path) -> None:
    async def body() -> None:
        async with open_kit(tmp_path) as kit:
            await kit.put("samples/a.txt", b"content")
            function = blob_function("samples/{name}.txt")
            assert function.trigger
            event = await kit.trigger.manual(function, function.trigger, "samples/a.txt")
            assert event.value.value == b"content"
            assert event.metadata["name"] == "a"
            with pytest.raises(NotFound):
                await kit.trigger.manual(function, function.trigger, "samples/none")

    run(body())


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("", "needs a path"),
        ("{container}/x", "cannot contain"),
        ("samples/", "Invalid blob trigger path"),
        ("samples/{a}/{a}", "twice"),
    ],
)
def test_a_path_that_cannot_be_watched_is_told(tmp_path: Path, path: str, message: str) -> None:
    async def body() -> None:
        async with open_kit(tmp_path) as kit:
            function = blob_function(path)
            assert function.trigger
            with pytest.raises(BindingError, match=message):
                kit.trigger.validate(function, function.trigger)

    run(body())
