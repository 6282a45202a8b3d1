"""One end of the wire: calls with answers, notices without, over a stream socket."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from lazulite.wire.codec import Decoder, Frame, encode

Answer = tuple[Any, Sequence[bytes]]
CallHandler = Callable[[Any, list[bytes]], Awaitable[Answer]]
NoticeHandler = Callable[[Any, list[bytes]], None]

_NOTICE, _CALL, _ANSWER, _FAILURE = range(4)


class WireClosed(ConnectionError):
    """The other end went away before it answered."""


class RemoteFailure(RuntimeError):
    """The other end could not answer; its message is the text."""


class Peer(asyncio.Protocol):
    """Use `connect(sock, ...)`. Frames of one loop turn leave in one write.

    calls: operation -> coroutine function that answers; notices: operation -> plain function;
    closed: called once when the other end is gone.
    """

    def __init__(
        self,
        calls: Mapping[str, CallHandler],
        notices: Mapping[str, NoticeHandler],
        closed: Callable[[], None],
    ) -> None:
        self._calls = calls
        self._notices = notices
        self._closed = closed
        self._loop = asyncio.get_running_loop()
        self._decoder = Decoder()
        self._transport: asyncio.Transport | None = None
        self._waiting: dict[int, asyncio.Future[Frame]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._next_id = 0
        self._out: list[bytes] = []

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        for (kind, number, name, body), parts in self._decoder.feed(data):
            if kind == _NOTICE:
                self._notices[name](body, parts)
            elif kind == _CALL:
                task = self._loop.create_task(self._serve(number, name, body, parts))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            else:
                waiter = self._waiting.pop(number, None)
                if waiter is None or waiter.done():
                    continue
                if kind == _ANSWER:
                    waiter.set_result((body, parts))
                else:
                    waiter.set_exception(RemoteFailure(body))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        for waiter in self._waiting.values():
            if not waiter.done():
                waiter.set_exception(WireClosed("the other end is gone"))
        self._waiting.clear()
        for task in list(self._tasks):
            task.cancel()
        self._closed()

    # what the owner calls, on the loop's thread

    @property
    def open(self) -> bool:
        return self._transport is not None

    def notify(self, name: str, body: Any, parts: Sequence[bytes] = ()) -> None:
        """Send without an answer; dropped when the other end is gone."""
        self._send((_NOTICE, 0, name, body), parts)

    async def call(self, name: str, body: Any, parts: Sequence[bytes] = ()) -> Frame:
        """Send and wait for the answer. Raises WireClosed, RemoteFailure."""
        if self._transport is None:
            raise WireClosed("the other end is gone")
        self._next_id += 1
        number = self._next_id
        waiter: asyncio.Future[Frame] = self._loop.create_future()
        self._waiting[number] = waiter
        self._send((_CALL, number, name, body), parts)
        try:
            return await waiter
        finally:
            self._waiting.pop(number, None)

    def close(self) -> None:
        """Send what is waiting, then close."""
        self._flush()
        if self._transport is not None:
            self._transport.close()

    def _send(self, header: Any, parts: Sequence[bytes]) -> None:
        if self._transport is None:
            return
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(encode(header, parts))

    def _flush(self) -> None:
        if self._out and self._transport is not None:
            self._transport.write(b"".join(self._out))
        self._out.clear()

    async def _serve(self, number: int, name: str, body: Any, parts: list[bytes]) -> None:
        try:
            answer, answer_parts = await self._calls[name](body, parts)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            self._send((_FAILURE, number, name, f"{type(error).__name__}: {error}"), ())
        else:
            self._send((_ANSWER, number, name, answer), answer_parts)


async def connect(
    sock: socket.socket,
    calls: Mapping[str, CallHandler],
    notices: Mapping[str, NoticeHandler],
    closed: Callable[[], None],
) -> Peer:
    """A peer over a connected stream socket, which it owns from now on."""
    loop = asyncio.get_running_loop()
    sock.setblocking(False)
    transport_and_peer = await loop.create_connection(
        lambda: Peer(calls, notices, closed), sock=sock
    )
    return transport_and_peer[1]
