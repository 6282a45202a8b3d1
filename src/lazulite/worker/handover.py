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
        try:
            try:
                reader, writer = await asyncio.open_connection(
                    self._host, self._port, ssl=self._tls
                )
            except OSError:
                await self._otherwise(watcher)
                return
            try:
                body = await read_body(scope, proto, self._limit)
                writer.write(request_head(scope, len(body)) + body)
                status, headers, content = parse_answer(await reader.read(-1))
            finally:
                writer.close()
            proto.response_bytes(status, headers, content)
        except BodyTooLarge:
            proto.response_empty(413, [("connection", "close")])
        except ClientGone:
            watcher.done()
        except (OSError, ValueError):
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


def parse_answer(raw: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers and body of a whole HTTP answer. Raises ValueError for a partial one."""
    head, found, body = raw.partition(b"\r\n\r\n")
    if not found:
        raise ValueError("the answer is incomplete")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = []
    for line in lines:
        name, _, value = line.partition(":")
        if name.lower() == "content-length" and int(value) > len(body):
            raise ValueError("the answer is incomplete")
        if name.lower() not in _OURS:
            headers.append((name.lower(), value.strip()))
    headers.append(("connection", "close"))
    return int(first.split(" ", 2)[1]), headers, body
