"""The host's own answers while no worker serves."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.abc import WebRequest, WebResponse
from lazulite.host import listening
from lazulite.host.fallback import NOT_RUNNING, Fallback, encode, read_request


async def echo(request: WebRequest) -> WebResponse:
    text = f"{request.method} {request.path} {dict(request.query)} {request.body.decode()}"
    return WebResponse(200, {"content-type": "text/plain"}, text.encode())


def parse(raw: bytes) -> WebRequest | None:
    async def main() -> WebRequest | None:
        reader = asyncio.StreamReader()
        reader.feed_data(raw)
        reader.feed_eof()
        return await read_request(reader)

    return asyncio.run(main())


def test_it_answers_the_port_and_leaves_it_again() -> None:
    async def main() -> None:
        public = listening.bind("127.0.0.1", 0)
        fallback = Fallback(public, echo)
        await fallback.start()
        await fallback.start()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{public.port}") as client:
            answer = await client.get("/api/hello")
            assert (answer.status_code, answer.content) == (503, NOT_RUNNING)
            assert answer.headers["retry-after"] == "1"
            answer = await client.post("/admin/host/x%20y?a=b", content=b"body")
            assert answer.text == "POST /admin/host/x y {'a': 'b'} body"
            assert (await client.head("/api/hello")).status_code == 503
            fallback.offline = b"<b>closed</b>"
            answer = await client.get("/")
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
        await fallback.stop()
        public.close()

    asyncio.run(main())


def test_chunked_bodies() -> None:
    request = parse(
        b"POST /admin/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
    )
    assert request is not None
    assert request.body == b"abcde"


def test_no_request_at_the_end() -> None:
    assert parse(b"") is None


@pytest.mark.parametrize(
    "raw",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\ncontent-length: 99999999999\r\n\r\n",
        b"GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_no_request_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):
        parse(raw)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_refused(raw: bytes) -> None:
    try:
        parse(raw + b"\r\n\r\n")
    except (ValueError, EOFError):
        pass


def test_an_answer_has_its_length_and_closes() -> None:
    raw = encode(WebResponse(418, {"x-a": "b"}, b"tea"))
    assert raw == b"HTTP/1.1 418 I'm a Teapot\r\nx-a: b\r\ncontent-length: 3\r\n" + (
        b"connection: close\r\n\r\ntea"
    )
