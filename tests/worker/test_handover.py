"""Requests that an old worker passes on."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from lazulite.worker.handover import HandOver, parse_head, request_head


def scope(**changes: object) -> SimpleNamespace:
    values = {
        "method": "GET",
        "path": "/api/käse/a b",
        "query_string": "x=1&y=%20",
        "headers": {"host": "example.com", "connection": "keep-alive", "x-a": "b"},
        **changes,
    }
    return SimpleNamespace(**values)


def test_a_request_keeps_its_target_and_headers() -> None:
    assert request_head(scope(), 0).decode().split("\r\n") == [
        "GET /api/k%C3%A4se/a%20b?x=1&y=%20 HTTP/1.0",
        "host: example.com",
        "x-a: b",
        "",
        "",
    ]


def test_a_body_has_a_length_and_no_other_framing() -> None:
    headers = {"host": "h", "transfer-encoding": "chunked"}
    head = request_head(scope(method="POST", headers=headers, query_string=""), 7).decode()
    assert "content-length: 7" in head
    assert "chunked" not in head
    assert "content-length: 0" in request_head(scope(method="PUT"), 0).decode()


def test_http2_requests_have_their_host() -> None:
    assert b"\r\nhost: example.org\r\n" in request_head(
        scope(headers={}, authority="example.org"), 0
    )


def test_an_answer_closes_its_connection() -> None:
    raw = b"HTTP/1.1 201 Created\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\ncontent-length: 2\r\n\r\n"
    headers = [("set-cookie", "a=1"), ("set-cookie", "b=2"), ("connection", "close")]
    assert parse_head(raw) == (201, headers, 2)


def test_the_end_of_an_answer_may_be_that_of_its_connection() -> None:
    assert parse_head(b"HTTP/1.1 200 OK\r\n\r\n") == (200, [("connection", "close")], None)


@pytest.mark.parametrize(
    "raw", [b"HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n"]
)
def test_what_is_no_answer(raw: bytes) -> None:
    with pytest.raises(ValueError):
        parse_head(raw)


class Proto:
    """Takes an answer, whole or in pieces."""

    def __init__(self) -> None:
        self.head: tuple[int, list[tuple[str, str]]] | None = None
        self.body = b""
        self.grown = asyncio.Event()

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.head, self.body = (status, headers), body

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.head = status, headers

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> Proto:
        self.head = status, headers
        return self

    async def send_bytes(self, piece: bytes) -> None:
        self.body += piece
        self.grown.set()


def passed_on(method: str, *pieces: bytes) -> Proto:
    """What the client of an old worker gets of what a new one says. The latter goes on when the
    client has the last piece: whoever waits for the end of an answer waits for ever."""
    proto = Proto()

    async def main() -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            for number, piece in enumerate(pieces):
                if number > 1:
                    await proto.grown.wait()
                    proto.grown.clear()
                writer.write(piece)
                await writer.drain()
            writer.close()

        async def otherwise(watcher: object) -> None:
            raise AssertionError

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            host, port = server.sockets[0].getsockname()
            watcher = SimpleNamespace(
                scope=scope(method=method, proto="http", http_version="1.1"), proto=proto
            )
            handing = HandOver(host, port, False, 1000, otherwise)
            await asyncio.wait_for(handing.handle(watcher), 10)

    asyncio.run(main())
    return proto


def test_a_short_answer_is_passed_on_whole() -> None:
    proto = passed_on("GET", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", b"ok")
    assert proto.head == (200, [("connection", "close")])
    assert proto.body == b"ok"


def test_an_answer_in_pieces_is_passed_on_as_it_comes() -> None:
    proto = passed_on("GET", b"HTTP/1.1 200 OK\r\nx-a: b\r\n\r\n", b"one", b"two", b"three")
    assert proto.head == (200, [("x-a", "b"), ("connection", "close")])
    assert proto.body == b"onetwothree"


def test_an_answer_to_head_has_no_body() -> None:
    proto = passed_on("HEAD", b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n")
    assert proto.head == (200, [("connection", "close")])


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nno"]
)
def test_an_answer_that_breaks_off_is_a_bad_gateway(answer: bytes) -> None:
    assert passed_on("GET", answer).head == (502, [("connection", "close")])
