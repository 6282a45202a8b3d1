"""An HTTP client for load: many kept-alive connections in one thread, each request timed.

It knows local servers and small answers only; it counts failures instead of retrying.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

HOST = "127.0.0.1"


@dataclass
class Failure:
    """since: when the connection last was known to be well; until: when the request failed (both
    time.monotonic()); what: the status or the error."""

    since: float
    until: float
    what: str


@dataclass
class Load:
    """What came of it. latencies: seconds, of answers with status 200; others: the answers with
    server errors, as failures."""

    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    others: list[Failure] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """Of the latencies, in seconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


class Connection:
    """One connection, opened anew when it was closed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self.well_at = time.monotonic()

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body. Raises OSError, EOFError."""
        if self._writer is None or self._reader is None:
            self.well_at = time.monotonic()
            self._reader, self._writer = await asyncio.open_connection(HOST, self._port)
        try:
            self._writer.write(request)
            head = await self._reader.readuntil(b"\r\n\r\n")
            lower = head.lower()
            length = 0
            if b"content-length:" in lower:
                length = int(lower.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
            body = await self._reader.readexactly(length) if length else b""
        except BaseException:
            self.close()
            raise
        self.well_at = time.monotonic()
        if b"connection: close" in lower:
            self.close()
        return int(head[9:12]), body

    def close(self) -> None:
        """Forget it."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None


def get(path: str) -> bytes:
    """The bytes of a request."""
    return f"GET {path} HTTP/1.1\r\nhost: {HOST}\r\n\r\n".encode()


def post(path: str) -> bytes:
    """The bytes of a request without a body."""
    return f"POST {path} HTTP/1.1\r\nhost: {HOST}\r\ncontent-length: 0\r\n\r\n".encode()


async def hammer(
    port: int,
    load: Load,
    request: Callable[[], bytes],
    more: Callable[[], bool],
    answered: Callable[[bytes, int], None] = lambda request, status: None,
    pause: float = 0.0,
    interval: float = 0.0,
) -> None:
    """Ask on one connection while `more()`. pause: seconds to wait after a failure; interval: from
    one request to the next, at least."""
    connection = Connection(port)
    while more():
        what = request()
        began = time.monotonic()
        try:
            status, body = await connection.ask(what)
        except (OSError, EOFError, asyncio.LimitOverrunError) as error:
            load.failures.append(Failure(connection.well_at, time.monotonic(), repr(error)))
            await asyncio.sleep(pause)
            continue
        seconds = time.monotonic() - began
        load.statuses[status] += 1
        (load.latencies if status == 200 else load.refused).append(seconds)
        if status >= 500:
            text = body[:300].decode("utf-8", "replace")
            load.others.append(Failure(began, time.monotonic(), f"{status} {text!r}"))
        answered(what, status)
        if interval:
            await asyncio.sleep(interval - seconds)
    connection.close()
