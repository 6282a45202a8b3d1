"""What a worker with old code does with requests that still reach it: passes them to the new.

After a reload the old worker takes no new connections, but clients keep theirs alive and may be
sending on them right now. Closing those would lose requests, answering would show old code; so each
gets its answer from the app's port, where the new workers listen, and is then closed in order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from lazulite.worker.body import BodyTooLarge, ClientGone, read_body

if TYPE_CHECKING:
    import ssl

_OURS = frozenset(("connection", "keep-alive", "transfer-encoding", "content-length", "upgrade"))
LONGEST_HEAD = 1 << 20  # bytes
WHOLE = 1 << 20  # bytes up to which an answer is passed on in one piece
PIECE = 1 << 16  # bytes
_SAFE = "/:@!$&'()*+,;=~-._"


class HandOver:
    """Handles a request by asking (host, port), over TLS where that is what is spoken there.
    `otherwise` takes what cannot be passed on: WebSockets, or anything when nobody answers there.
    """

    def __init__(
        self,
        host: str,
        port: int,
        secure: bool,
        body_limit: int,
        otherwise: Callable[[Any], Awaitable[None]],
    ) -> None:
        self._host = host
        self._port = port
        self._tls = _tls() if secure else None
        self._limit = body_limit
        self._otherwise = otherwise
        self.running = 0

    async def handle(self, watcher: Any) -> None:
        """Answer one request, and have its connection closed."""
        scope, proto = watcher.scope, watcher.proto
        if scope.proto != "http":
            await self._otherwise(watcher)
            return
        self.running += 1
        begun = False
        try:
            try:
                reader, writer = await asyncio.open_connection(
                    self._host, self._port, ssl=self._tls, limit=LONGEST_HEAD
                )
            except OSError:
                await self._otherwise(watcher)
                return
            try:
                body = await read_body(scope, proto, self._limit)
                writer.write(request_head(scope, len(body)) + body)
                status, headers, length = parse_head(await reader.readuntil(b"\r\n\r\n"))
                if scope.method == "HEAD" or status in (204, 304):
                    proto.response_empty(status, headers)
                elif length is not None and length <= WHOLE:
                    proto.response_bytes(status, headers, await reader.readexactly(length))
                else:
                    if length is not None:
                        headers.append(("content-length", str(length)))
                    begun = True
                    await _pass_on(reader, proto.response_stream(status, headers))
            finally:
                writer.close()
        except BodyTooLarge:
            proto.response_empty(413, [("connection", "close")])
        except ClientGone:
            watcher.done()
        except (OSError, ValueError, EOFError, asyncio.LimitOverrunError):
            if not begun:  # an answer that has begun just ends
                proto.response_empty(502, [("connection", "close")])
        finally:
            self.running -= 1


def _tls() -> ssl.SSLContext:
    """For the app's own port: whose certificate it is need not be checked."""
    import ssl

    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def request_head(scope: Any, length: int) -> bytes:
    """The request as HTTP/1.0, whose answer ends with the connection and is never chunked."""
    target = quote(scope.path, safe=_SAFE)
    if scope.query_string:
        target += f"?{scope.query_string}"
    lines = [f"{scope.method} {target} HTTP/1.0"]
    lines += [f"{name}: {value}" for name, value in scope.headers.items() if name not in _OURS]
    if "host" not in scope.headers and getattr(scope, "authority", None):
        lines.append(f"host: {scope.authority}")
    if length or scope.method in ("POST", "PUT", "PATCH"):
        lines.append(f"content-length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def parse_head(raw: bytes) -> tuple[int, list[tuple[str, str]], int | None]:
    """Status, headers and length of the body of an HTTP answer; None where its end is that of the
    connection. Raises ValueError."""
    first, *lines = raw.decode("latin-1").rstrip("\r\n").split("\r\n")
    length = None
    headers = []
    for line in lines:
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            length = int(value)
        if name.lower() not in _OURS:
            headers.append((name.lower(), value.strip()))
    headers.append(("connection", "close"))
    return int(first.partition(" ")[2][:3]), headers, length


async def _pass_on(reader: asyncio.StreamReader, transport: Any) -> None:
    """The rest of an answer, as it comes."""
    while piece := await reader.read(PIECE):
        try:
            await transport.send_bytes(piece)
        except RuntimeError:  # the server's own word for a client that left
            return
