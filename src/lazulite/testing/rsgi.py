"""The HTTP server's side of one request, without a server: the objects that Granian hands to the
worker's front, behaving as its do (version 2.8, RSGI 1.6).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from typing import Any
from urllib.parse import unquote

from lazulite.testing.request import Request
from lazulite.testing.response import Response
from lazulite.worker.call import Call


class RequestHeaders:
    """Names in lower case, found whatever the case asked for; the first value of repeated ones."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = pairs
        self._first: dict[str, str] = {}
        for name, value in pairs:
            self._first.setdefault(name, value)

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._first

    def __getitem__(self, name: str) -> str:
        return self._first[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._first)

    def __len__(self) -> int:
        return len(self._pairs)

    def get(self, name: str, default: Any = None) -> Any:
        return self._first.get(name.lower(), default)

    def get_all(self, name: str) -> list[str]:
        wanted = name.lower()
        return [value for key, value in self._pairs if key == wanted]

    def keys(self) -> list[str]:
        return list(self._first)

    def values(self) -> list[str]:
        return [value for _, value in self._pairs]

    def items(self) -> list[tuple[str, str]]:
        return list(self._pairs)


class Scope:
    """What is known of the request before its body. `exchange`: this package's own."""

    proto = "http"
    http_version = "1.1"
    rsgi_version = "1.6"
    authority = None
    server = "127.0.0.1:7071"
    client = "127.0.0.1:50000"

    def __init__(self, request: Request, exchange: Exchange) -> None:
        path, _, query = request.target.partition("?")
        self.scheme = request.scheme
        self.method = request.method
        self.path = unquote(path)
        self.query_string = query
        self.headers = RequestHeaders(request.headers)
        self.exchange = exchange


class Protocol:
    """Reads the request's body, takes the answer. The answer may come on any thread."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def __call__(self) -> bytes:
        return b"".join([piece async for piece in self])

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._exchange.pieces()

    async def client_disconnect(self) -> None:
        await self._exchange.answered()

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        self._exchange.answer(status, headers, b"")

    def response_str(self, status: int, headers: list[tuple[str, str]], body: str) -> None:
        self._exchange.answer(status, headers, body.encode())

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self._exchange.answer(status, headers, bytes(body))

    def response_file(self, status: int, headers: list[tuple[str, str]], file: str) -> None:
        with open(file, "rb") as content:
            self._exchange.answer(status, headers, content.read())

    def response_file_range(
        self, status: int, headers: list[tuple[str, str]], file: str, start: int, end: int
    ) -> None:
        with open(file, "rb") as content:
            content.seek(start)
            self._exchange.answer(status, headers, content.read(end - start))

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> StreamTransport:
        self._exchange.begin(status, headers)
        return StreamTransport(self._exchange)

    def close(self, status: int | None = None) -> tuple[int, bool]:
        self._exchange.answer(status or 403, [], b"")
        return status or 403, True


class StreamTransport:
    """The pieces of a streamed answer, which ends when nothing refers to this object any more."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def __del__(self) -> None:
        self._exchange.done()

    async def send_bytes(self, data: bytes) -> None:
        self._exchange.piece(bytes(data))

    async def send_str(self, data: str) -> None:
        self._exchange.piece(data.encode())


class Exchange:
    """One request and its answer; also the `watcher` that the front is given.

    errors: what functions raised while they ran for it, in order; calls: their invocations;
    given_up: whether nobody waits for the answer any more.
    """

    def __init__(self, request: Request, loop: asyncio.AbstractEventLoop) -> None:
        self.request = request
        self.scope = Scope(request, self)
        self.proto = Protocol(self)
        self.errors: list[BaseException] = []
        self.calls: list[Call] = []
        self.given_up = False
        self._loop = loop
        self._done: asyncio.Future[None] = loop.create_future()
        self._head: tuple[int, list[tuple[str, str]]] | None = None
        self._chunks: list[bytes] = []
        self._streamed = False
        self._body = request.body

    # watcher

    def taskref(self, task: asyncio.Task[Any]) -> None:
        """The task that will see to the answer; it may leave that to a thread."""
        self._task = task

    def done(self) -> None:
        """The server's end of the exchange: a stream ends here, a client without answer is
        cut off."""
        self._finish()

    def err(self, error: BaseException) -> None:
        self.errors.append(error)
        self.done()

    # protocol

    async def pieces(self) -> AsyncIterator[bytes]:
        """The request's body, once."""
        body, self._body = self._body, b""
        if isinstance(body, bytes):
            if body:
                yield body
        elif isinstance(body, AsyncIterable):
            async for piece in body:
                yield piece
        else:
            for piece in body:
                yield piece

    def begin(self, status: int, headers: list[tuple[str, str]]) -> None:
        self._head = (status, list(headers))
        self._streamed = True

    def piece(self, data: bytes) -> None:
        self._chunks.append(data)

    def answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        if self._head is None:
            self._head = (status, self._framed(status, headers, len(body)))
            self._chunks = [body] if body else []
            self._finish()

    def _framed(
        self, status: int, headers: list[tuple[str, str]], length: int
    ) -> list[tuple[str, str]]:
        """The headers with the length that the server counts, whatever the function says."""
        if self.request.method == "HEAD" or status in (204, 304):
            return list(headers)
        kept = [pair for pair in headers if pair[0].lower() != "content-length"]
        return [*kept, ("content-length", str(length))]

    def _finish(self) -> None:
        if self._loop.is_closed():
            return
        try:
            running: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            running = None
        if running is self._loop:
            self._complete()
        else:
            self._loop.call_soon_threadsafe(self._complete)

    def _complete(self) -> None:
        if not self._done.done():
            self._done.set_result(None)

    # client

    def give_up(self) -> None:
        """Wait no longer for the answer."""
        self.given_up = not self._done.done()
        self._complete()

    async def answered(self) -> None:
        """Return when the whole answer is there."""
        await asyncio.shield(self._done)

    def response(self) -> Response | None:
        """The answer; None when the connection was closed without one."""
        if self._head is None:
            return None
        status, headers = self._head
        content = b"".join(self._chunks)
        if self.request.method == "HEAD":
            content = b""
        chunks = self._chunks if self._streamed else ()
        return Response(status, headers, content, chunks=chunks, url=self.request.url)
