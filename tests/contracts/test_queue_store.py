"""What every QueueStore and QueueAdmin must do."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from lazulite.abc import Account
from lazulite.errors import Conflict, NotFound, StoreError
from tests.contracts.conftest import Run


def test_messages_come_in_order_and_as_they_were_put(run: Run, name: str) -> None:
    async def body(account: Account) -> None:
        bodies = [b"one", "zwö\n<&>".encode(), b"\x00\xff binary", b"", b"3"]
        await account.queues.put(name, bodies)
        before = datetime.now(timezone.utc)
        messages = await account.queues.receive(name, 32, 60)
        assert [m.body for m in messages] == bodies
        assert len({m.id for m in messages}) == 5
        for message in messages:
            assert message.dequeue_count == 1
            assert message.problem is None
            assert abs(message.inserted - before) < timedelta(minutes=1)
            assert message.expires is not None
            assert abs(message.expires - message.inserted - timedelta(days=7)) < timedelta(
                minutes=1
            )
            assert message.next_visible is not None
            assert abs(message.next_visible - before - timedelta(seconds=60)) < timedelta(minutes=1)

    run(body)


def test_received_messages_are_leased(run: Run, name: str) -> None:
    async def body(account: Account) -> None:
        await account.queues.put(name, [b"%d" % i for i in range(5)])
        first = await account.queues.receive(name, 2, 60)
        second = await account.queues.receive(name, 32, 60)
        assert [m.body for m in first + second] == [b"0", b"1", b"2", b"3", b"4"]
        assert await account.queues.receive(name, 1, 60) == []

    run(body)


def test_a_lease_ended_with_update_makes_the_message_visible(run: Run, name: str) -> None:
    async def body(account: Account) -> None:
        await account.queues.put(name, [b"again"])
        (first,) = await account.queues.receive(name, 1, 60)
        await account.queues.update(name, first, 0)
        (second,) = await account.queues.receive(name, 1, 60)
        assert (second.id, second.body) == (first.id, first.body)
        assert second.dequeue_count == 2
        assert second.pop_receipt != first.pop_receipt

    run(body)


def test_an_expired_lease_makes_the_message_visible(run: Run, name: str) -> None:
    async def body(account: Account) -> None:
        await account.queues.put(name, [b"again"])
        assert len(await account.queues.receive(name, 1, 1)) == 1
        while not (found := await account.queues.receive(name, 1, 60)):
            await asyncio.sleep(0.1)
        assert found[0].dequeue_count == 2

    run(body)


def test_an_extended_lease_has_a_new_receipt(run: Run, name: str) -> None:
    async def body(account: Account) -> None:
        await account.queues.put(name, [b"long"])
        (message,) = await account.queues.receive(name, 1, 60)
        extended = await account.queues.update(name, message, 120)
        assert extended.pop_receipt != message.pop_receipt
        assert extended.body == b"long"
        assert extended.next_visible is not None
        assert message.next_visible is not None
        assert extended.next_visible > message.next_visible
        await account.queues.delete(name, [message])  # stale: left alone
        assert await account.queue_admin.length(name) == 1
        with pytest.raises((Conflict, NotFound)):
            await account.queues.update(name, message, 60)
        await account.queues.delete(name, [extended])
        assert await account.queue_admin.length(name) == 0
        with pytest.raises((Conflict, NotFound)):
            await account.queues.update(name, extended, 60)

    run(body)


def test_only_what_is_named_is_deleted(run: Run, name: str) -> None:
    async def body(account: Account) -> None:
        await account.queues.put(name, [b"%d" % i for i in range(40)])
        messages = await account.queues.receive(name, 32, 60)
        await account.queues.delete(name, messages[:31])
        assert await account.queue_admin.length(name) == 9
        await account.queues.delete(name, messages)  # some are gone already
        assert await account.queue_admin.length(name) == 8
        await account.queues.delete(name, [replace(messages[0], pop_receipt="nonsense")])
        await account.queues.delete(name, [])

    run(body)


def test_a_delayed_message_is_not_visible_yet(run: Run, name: str) -> None:
    async def body(account: Account) -> None:
        await account.queues.put(name, [b"later"], delay=3600)
        assert await account.queues.receive(name, 1, 60) == []
        assert await account.queue_admin.peek(name, 1) == []
        assert await account.queue_admin.length(name) == 1

    run(body)


def test_a_message_lives_as_long_as_it_is_told(run: Run, name: str) -> None:
    async def body(account: Account) -> None:
        await account.queues.put(name, [b"hour"], time_to_live=3600)
        await account.queues.put(name, [b"ever"], time_to_live=-1)
        hour, ever = await account.queues.receive(name, 2, 60)
        assert hour.expires is not None
        assert abs(hour.expires - hour.inserted - timedelta(hours=1)) < timedelta(minutes=1)
        assert ever.expires is None or ever.expires.year > 2100

    run(body)


def test_an_expired_message_is_gone(run: Run, name: str) -> None:
    async def body(account: Account) -> None:
        await account.queues.put(name, [b"brief"], time_to_live=1)
        await account.queues.put(name, [b"stays"])
        while len(await account.queue_admin.peek(name, 32)) > 1:
            await asyncio.sleep(0.1)
        messages = await account.queues.receive(name, 32, 60)
        assert [m.body for m in messages] == [b"stays"]

    run(body)


def test_an_absent_queue_is_not_found_but_put_creates_it(run: Run, name: str) -> None:
    async def body(account: Account) -> None:
        with pytest.raises(NotFound, match=name):
            await account.queues.receive(name, 1, 60)
        with pytest.raises(NotFound, match=name):
            await account.queue_admin.peek(name, 1)
        with pytest.raises(NotFound, match=name):
            await account.queue_admin.length(name)
        with pytest.raises(NotFound, match=name):
            await account.queue_admin.drop(name)
        await account.queues.put(name, [b"x"])
        assert len(await account.queues.receive(name, 1, 60)) == 1

    run(body)


def test_large_messages(run: Run, name: str) -> None:
    async def body(account: Account) -> None:
        largest = b"x" * (48 * 1024)  # 64 KiB in base64
        await account.queues.put(name, [largest])
        (message,) = await account.queues.receive(name, 1, 60)
        assert message.body == largest
        with pytest.raises(StoreError, match="too large"):
            await account.queues.put(name, [b"x" * (64 * 1024 + 1)])
        assert await account.queue_admin.length(name) == 1

    run(body)


@pytest.mark.parametrize("bad", ["", "ab", "Upper", "a_b", "a--b", "-ab", "ab-", "x" * 64])
def test_bad_queue_names_are_explained(run: Run, bad: str) -> None:
    async def body(account: Account) -> None:
        with pytest.raises(StoreError, match="cannot be the name of a queue"):
            await account.queues.put(bad, [b"x"])
        with pytest.raises(StoreError, match="cannot be the name of a queue"):
            await account.queues.receive(bad, 1, 60)

    run(body)


def test_waiters_are_told_of_new_messages(run: Run, name: str) -> None:
    async def body(account: Account) -> None:
        await account.queue_admin.create(name)
        waiting = asyncio.ensure_future(account.queues.arrived(name))
        other = asyncio.ensure_future(account.queues.arrived("other"))
        await account.queues.put(name, [b"x"])
        await asyncio.wait_for(waiting, 30)
        assert not other.done()
        other.cancel()
        await account.queues.put("other", [b"x"])

    run(body)


def test_administration(run: Run, name: str) -> None:
    async def body(account: Account) -> None:
        admin = account.queue_admin
        await admin.create(name)
        await admin.create(name)
        assert name in await admin.queues()
        assert await admin.length(name) == 0
        await account.queues.put(name, [b"1", b"2", b"3"])
        peeked = await admin.peek(name, 2)
        assert [m.body for m in peeked] == [b"1", b"2"]
        assert [m.dequeue_count for m in peeked] == [0, 0]
        assert len(await account.queues.receive(name, 32, 60)) == 3
        await admin.clear(name)
        assert await admin.length(name) == 0
        await admin.drop(name)
        assert name not in await admin.queues()

    run(body)


def test_competing_receivers_share_the_messages(run: Run, name: str) -> None:
    async def body(account: Account) -> None:
        await account.queues.put(name, [b"%d" % i for i in range(60)])

        async def work() -> list[bytes]:
            done: list[bytes] = []
            while messages := await account.queues.receive(name, 7, 60):
                await account.queues.delete(name, messages)
                done += [m.body for m in messages]
            return done

        shares = await asyncio.gather(*(work() for _ in range(4)))
        everything = [body for share in shares for body in share]
        assert sorted(everything, key=int) == [b"%d" % i for i in range(60)]
        assert await account.queue_admin.length(name) == 0

    run(body)
