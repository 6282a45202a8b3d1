from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from lazulite.worker.asgi import AsgiError, Exchange, Headers, address
from lazulite.worker.body import BodyTooLarge, ClientGone
from tests.worker.rsgi import Proto, Scope

CHUNKED = [("transfer-encoding", "chunked")]


def undecorated(scope: Any, headers: Headers) -> Headers:
    return headers


def run(
    test: Callable[[Exchange, Proto], Awaitable[None]],
    *pieces: bytes,
    headers: list[tuple[str, str]] = CHUNKED,
    method: str = "POST",
    limit: int = 100,
    fails: bool = False,
) -> Proto:
    async def main() -> Proto:
        proto = Proto(*pieces, fails=fails)
        exchange = Exchange(Scope(method, headers=headers), proto, limit, undecorated)
        await test(exchange, proto)
        return proto

    return asyncio.run(main())


def start(status: int = 200, *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": headers}


def piece(body: bytes, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}


def test_the_body_in_pieces_then_the_leaving() -> None:
    async def test(exchange: Exchange, proto: Proto) -> None:
        assert await exchange.receive() == {
            "type": "http.request",
            "body": b"ab",
            "more_body": True,
        }
        assert (await exchange.receive())["body"] == b"c"
        assert (await exchange.receive())["more_body"] is False
        proto.gone.set()
        assert await exchange.receive() == {"type": "http.disconnect"}
        assert exchange.gone

    run(test, b"ab", b"c")


def test_no_body() -> None:
    async def test(exchange: Exchange, proto: Proto) -> None:
        assert await exchange.receive() == {"type": "http.request", "body": b"", "more_body": False}

    run(test, headers=[])


def test_a_connection_that_breaks_in_a_body() -> None:
    async def test(exchange: Exchange, proto: Proto) -> None:
        assert (await exchange.receive())["body"] == b"ab"
        assert await exchange.receive() == {"type": "http.disconnect"}

    run(test, b"ab", fails=True)


def test_after_the_answer_there_is_nothing_to_wait_for() -> None:
    async def test(exchange: Exchange, proto: Proto) -> None:
        await exchange.receive()
        waiting = asyncio.ensure_future(exchange.receive())
        await asyncio.sleep(0)
        await exchange.send(start())
        await exchange.send(piece(b"x"))
        assert await waiting == {"type": "http.disconnect"}
        assert await exchange.receive() == {"type": "http.disconnect"}
        assert not exchange.gone

    run(test, headers=[])


def test_an_answer_of_one_piece_is_sent_whole() -> None:
    async def test(exchange: Exchange, proto: Proto) -> None:
        await exchange.send(start(201, (b"X-A", b"caf\xe9"), (b"Content-Length", b"9")))
        assert not exchange.started
        await exchange.send(piece(b"x"))
        assert exchange.finished

    assert run(test).answer == (201, [("x-a", "café")], b"x")


def test_an_answer_in_pieces() -> None:
    async def test(exchange: Exchange, proto: Proto) -> None:
        await exchange.send(start(200, (b"content-length", b"2"), (b"connection", b"close")))
        for body in (b"a", b"", b"b"):
            await exchange.send(piece(body, more=True))
        await exchange.send(piece(b""))
        await exchange.send(piece(b"too late"))

    proto = run(test)
    assert proto.head == (200, [("content-length", "2")])
    assert proto.sent == [b"a", b"b"]


def test_head_and_204() -> None:
    async def head(exchange: Exchange, proto: Proto) -> None:
        await exchange.send(start(200, (b"content-length", b"7")))
        await exchange.send(piece(b""))

    async def nothing(exchange: Exchange, proto: Proto) -> None:
        await exchange.send(start(204))
        await exchange.send(piece(b"dropped"))

    assert run(head, method="HEAD").answer == (200, [("content-length", "7")], b"")
    assert run(nothing).answer == (204, [], b"")


def test_the_limit_makes_413_whatever_the_app_answers() -> None:
    async def test(exchange: Exchange, proto: Proto) -> None:
        await exchange.receive()
        with pytest.raises(BodyTooLarge):
            await exchange.receive()
        await exchange.send(start(500))
        await exchange.send(piece(b"oh no"))

    assert run(test, b"ab", b"cd", limit=3).answer == (413, [], b"")


def test_lengths() -> None:
    async def large(exchange: Exchange, proto: Proto) -> None:
        with pytest.raises(BodyTooLarge):
            exchange.check_length()

    async def nonsense(exchange: Exchange, proto: Proto) -> None:
        with pytest.raises(ClientGone):
            exchange.check_length()

    run(large, headers=[("content-length", "101")])
    run(nonsense, headers=[("content-length", "²")])


def test_a_client_that_left_is_an_oserror() -> None:
    async def test(exchange: Exchange, proto: Proto) -> None:
        await exchange.send(start())
        await exchange.send(piece(b"a", more=True))
        proto.gone.set()
        with pytest.raises(OSError, match="gone"):
            await exchange.send(piece(b"b", more=True))
        assert exchange.gone

    run(test)


def test_the_protocol_is_watched() -> None:
    async def twice(exchange: Exchange, proto: Proto) -> None:
        await exchange.send(start())
        with pytest.raises(AsgiError):
            await exchange.send(start())

    async def early(exchange: Exchange, proto: Proto) -> None:
        with pytest.raises(AsgiError):
            await exchange.send(piece(b"x"))

    run(twice)
    run(early)


def test_addresses() -> None:
    assert address("127.0.0.1:80") == ("127.0.0.1", 80)
    assert address("[::1]:80") == ("::1", 80)
    assert address("") is address(None) is None
