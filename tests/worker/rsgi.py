"""What the HTTP server hands to the worker, without the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any


class Headers:
    """Names in lower case, in order, each as often as it came."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._pairs = [(name.lower(), value) for name, value in pairs]

    def __contains__(self, name: str) -> bool:
        return any(known == name for known, _ in self._pairs)

    def get(self, name: str, default: Any = None) -> Any:
        return dict(self._pairs).get(name, default)

    def items(self) -> list[tuple[str, str]]:
        return list(self._pairs)


class Scope:
    """A request's head."""

    proto = "http"
    server = "127.0.0.1:7071"
    client = "127.0.0.1:55555"
    authority: str | None = None

    def __init__(
        self,
        method: str = "GET",
        path: str = "/",
        query: str = "",
        headers: Iterable[tuple[str, str]] = (),
        scheme: str = "http",
        http_version: str = "1.1",
    ) -> None:
        self.method = method
        self.path = path
        self.query_string = query
        self.headers = Headers(headers)
        self.scheme = scheme
        self.http_version = http_version


class Transport:
    def __init__(self, proto: Proto) -> None:
        self._proto = proto

    async def send_bytes(self, data: bytes) -> None:
        if self._proto.gone.is_set():
            raise RuntimeError("RSGI transport is closed")
        self._proto.sent.append(data)


class Proto:
    """A request's body and its answer. `gone` is set when the client leaves."""

    def __init__(self, *pieces: bytes, fails: bool = False) -> None:
        self._pieces = pieces
        self._fails = fails
        self.answer: tuple[int, list[tuple[str, str]], bytes] | None = None
        self.head: tuple[int, list[tuple[str, str]]] | None = None
        self.sent: list[bytes] = []
        self.gone = asyncio.Event()

    async def __call__(self) -> bytes:
        if self._fails:
            raise RuntimeError("the connection broke")
        return b"".join(self._pieces)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece
        if self._fails:
            raise RuntimeError("the connection broke")
        yield b""

    async def client_disconnect(self) -> None:
        await self.gone.wait()

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        assert self.answer is None
        assert self.head is None
        self.answer = status, headers, body

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> Transport:
        assert self.answer is None
        assert self.head is None
        self.head = status, headers
        return Transport(self)
