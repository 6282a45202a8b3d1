from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from lazulite.wire.peer import Answer, CallHandler, NoticeHandler, Peer, RemoteFailure, WireClosed
from lazulite.wire.peer import connect as connect_peer


async def echo(body: Any, parts: list[bytes]) -> Answer:
    return body, parts


async def fail(body: Any, parts: list[bytes]) -> Answer:
    raise ValueError("not today")


async def forever(body: Any, parts: list[bytes]) -> Answer:
    await asyncio.Event().wait()
    raise AssertionError


CALLS: Mapping[str, CallHandler] = {"echo": echo, "fail": fail, "forever": forever}


def with_peers(
    test: Callable[[Peer, Peer], Awaitable[None]],
    notices: Mapping[str, NoticeHandler] | None = None,
    closed: Callable[[], None] = lambda: None,
) -> None:
    async def main() -> None:
        ours, theirs = socket.socketpair()
        server = await connect_peer(theirs, CALLS, notices or {}, lambda: None)
        client = await connect_peer(ours, {}, {}, closed)
        await test(client, server)
        client.close()
        server.close()

    asyncio.run(asyncio.wait_for(main(), 10))


def test_calls_are_answered_each_to_its_own() -> None:
    async def test(client: Peer, server: Peer) -> None:
        answers = await asyncio.gather(*(client.call("echo", i, [b"%d" % i]) for i in range(50)))
        assert answers == [(i, [b"%d" % i]) for i in range(50)]

    with_peers(test)


def test_large_parts_go_through() -> None:
    async def test(client: Peer, server: Peer) -> None:
        blob = b"x" * 5_000_000
        assert await client.call("echo", None, [blob]) == (None, [blob])

    with_peers(test)


def test_a_failure_has_its_message() -> None:
    async def test(client: Peer, server: Peer) -> None:
        with pytest.raises(RemoteFailure, match="ValueError: not today"):
            await client.call("fail", None)

    with_peers(test)


def test_notices_arrive_in_order() -> None:
    seen: list[int] = []
    done = asyncio.Event()

    def note(body: Any, parts: list[bytes]) -> None:
        seen.append(body)
        if body == 99:
            done.set()

    async def test(client: Peer, server: Peer) -> None:
        for number in range(100):
            client.notify("note", number)
        await done.wait()
        assert seen == list(range(100))

    with_peers(test, {"note": note})


def test_a_peer_that_goes_away_fails_what_waits_and_what_comes() -> None:
    closes: list[bool] = []

    async def test(client: Peer, server: Peer) -> None:
        waiting = asyncio.ensure_future(client.call("forever", None))
        await client.call("echo", None)
        server.close()
        with pytest.raises(WireClosed):
            await waiting
        with pytest.raises(WireClosed):
            await client.call("echo", None)
        client.notify("note", None)
        assert closes == [True]

    with_peers(test, closed=lambda: closes.append(True))
