"""One HTTP request as ASGI sees it, straight over the HTTP server's RSGI.

Bodies flow in pieces both ways; nothing is gathered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from lazulite.worker.body import BodyTooLarge, ClientGone, read_body
from lazulite.worker.request import PATH

Headers = list[tuple[str, str]]
# the server frames answers itself
_HOP = frozenset(("transfer-encoding", "connection", "keep-alive"))
# below 2.4 starlette reads on while it answers, to hear of the client's leaving, and so loses
# pieces of a body that the app has not read yet
ASGI = {"version": "3.0", "spec_version": "2.4"}


class AsgiError(RuntimeError):
    """The app broke the ASGI protocol."""


class Exchange:
    """`receive` and `send` of one request. decorate adds the host's headers to the app's own.

    limit: bytes of body to take in; what is more raises BodyTooLarge in `receive`, and the answer
    becomes 413 whatever the app makes of it.
    """

    def __init__(
        self, scope: Any, proto: Any, limit: int, decorate: Callable[[Any, Headers], Headers]
    ) -> None:
        self._scope = scope
        self._proto = proto
        self._limit = limit
        self._decorate = decorate
        self._pieces: Any = None
        self._size = 0
        self._read = False
        self._too_large = False
        self._head: tuple[int, Headers] | None = None
        self._transport: Any = None
        self._gone: asyncio.Future[Any] | None = None
        self.started = False
        self.finished = False
        self.gone = False

    def check_length(self) -> None:
        """Raises BodyTooLarge when Content-Length says so, ClientGone when it says nonsense."""
        length = self._scope.headers.get("content-length")
        if length is not None:
            if not (length.isascii() and length.isdigit()):
                raise ClientGone("a malformed content-length")
            if int(length) > self._limit:
                raise BodyTooLarge

    async def read_all(self) -> bytes:
        """The whole body at once."""
        return await read_body(self._scope, self._proto, self._limit)

    async def receive(self) -> dict[str, Any]:
        """The next piece of the body; after the last one, the client's leaving."""
        if self._read:
            return await self.left()
        if self._pieces is None:
            headers = self._scope.headers
            framed = "content-length" in headers or "transfer-encoding" in headers
            if not framed and self._scope.http_version == "1.1":
                self._read = True
                return {"type": "http.request", "body": b"", "more_body": False}
            self._pieces = self._proto.__aiter__()
        try:
            piece = await self._pieces.__anext__()
        except StopAsyncIteration:
            piece = b""
        except Exception:
            self._read = True
            return {"type": "http.disconnect"}
        self._size += len(piece)
        if self._size > self._limit:
            self._too_large = True
            raise BodyTooLarge
        self._read = not piece
        return {"type": "http.request", "body": piece, "more_body": bool(piece)}

    async def left(self) -> dict[str, Any]:
        """Wait until the client has left, or the answer is complete."""
        if not self.finished:
            if self._gone is None:
                self._gone = asyncio.ensure_future(self._proto.client_disconnect())
            await asyncio.wait({self._gone})
            self.gone = not self.finished
        return {"type": "http.disconnect"}

    async def send(self, message: Mapping[str, Any]) -> None:
        """Take a message of the app. Raises OSError when the client is gone."""
        kind = message["type"]
        if kind == "http.response.start":
            if self._head is not None:
                raise AsgiError("the app started its answer twice")
            self._head = int(message["status"]), self._headers(message.get("headers", ()))
        elif kind == "http.response.body":
            if self._head is None:
                raise AsgiError("the app sent a body before it started its answer")
            if not self.finished:
                body = bytes(message.get("body", b""))
                await self._body(body, bool(message.get("more_body")))

    async def _body(self, body: bytes, more: bool) -> None:
        assert self._head is not None
        status, headers = self._head
        if self._too_large and not self.started:
            status, headers, body, more = 413, self._decorate(self._scope, []), b"", False
        if self._transport is None and not more:
            self.started = self.finished = True
            if self._scope.method != "HEAD" and status != 304:
                headers = [pair for pair in headers if pair[0] != "content-length"]
            self._proto.response_bytes(status, headers, b"" if status in (204, 304) else body)
            self._stop_watching()
            return
        if self._transport is None:
            self.started = True
            self._transport = self._proto.response_stream(status, headers)
        if body:
            try:
                await self._transport.send_bytes(body)
            except RuntimeError as error:  # the server's own word for a client that left
                self.finished = self.gone = True
                raise OSError("the client is gone") from error
        if not more:
            self.finished = True
            self._transport = None  # letting go of it ends the answer
            self._stop_watching()

    def close(self) -> None:
        """End an answer that was begun; nothing more is sent."""
        self.finished = True
        self._transport = None
        self._stop_watching()

    def _stop_watching(self) -> None:
        if self._gone is not None and not self._gone.done():
            self._gone.cancel()

    def _headers(self, given: Any) -> Headers:
        headers = [
            (name, bytes(value).decode("latin-1"))
            for raw, value in given
            if (name := bytes(raw).decode("latin-1").lower()) not in _HOP
        ]
        return self._decorate(self._scope, headers)


def http_scope(
    scope: Any, context: Any, state: Mapping[str, Any] | None, params: Mapping[str, str]
) -> dict[str, Any]:
    """The ASGI scope of an HTTP request; `azure_functions.*` as azure.functions' own bridge has."""
    made = _common(scope, context, state, params)
    made["type"] = "http"
    made["method"] = scope.method
    return made


def websocket_scope(
    scope: Any, context: Any, state: Mapping[str, Any] | None, params: Mapping[str, str]
) -> dict[str, Any]:
    """The ASGI scope of a WebSocket connection."""
    made = _common(scope, context, state, params)
    made["type"] = "websocket"
    made["scheme"] = "wss" if scope.scheme in ("https", "wss") else "ws"
    wanted = scope.headers.get("sec-websocket-protocol") or ""
    made["subprotocols"] = [name.strip() for name in wanted.split(",") if name.strip()]
    return made


def _common(
    scope: Any, context: Any, state: Mapping[str, Any] | None, params: Mapping[str, str]
) -> dict[str, Any]:
    path = scope.path
    return {
        "asgi": ASGI,
        "asgi.version": ASGI["version"],
        "asgi.spec_version": ASGI["spec_version"],
        "http_version": scope.http_version,
        "scheme": scope.scheme,
        "path": path,
        "raw_path": quote(path, safe=PATH).encode(),
        "query_string": (scope.query_string or "").encode("latin-1", "replace"),
        "root_path": "",
        "headers": asgi_headers(scope),
        "server": address(scope.server),
        "client": address(scope.client),
        "state": dict(state or {}),
        "path_params": dict(params),
        **invocation_of(context),
    }


def invocation_of(context: Any) -> dict[str, Any]:
    """What the original tells an ASGI or WSGI app of the invocation."""
    return {
        "azure_functions.function_directory": context.function_directory,
        "azure_functions.function_name": context.function_name,
        "azure_functions.invocation_id": context.invocation_id,
        "azure_functions.thread_local_storage": context.thread_local_storage,
        "azure_functions.trace_context": context.trace_context,
        "azure_functions.retry_context": context.retry_context,
    }


def asgi_headers(scope: Any) -> list[tuple[bytes, bytes]]:
    """The request's headers as ASGI has them, each as often as it came."""
    headers = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in scope.headers.items()]
    if scope.authority and "host" not in scope.headers:
        headers.insert(0, (b"host", scope.authority.encode("latin-1")))
    return headers


def address(text: str | None) -> tuple[str, int] | None:
    """('::1', 80) of '[::1]:80'."""
    host, _, port = (text or "").rpartition(":")
    return (host.strip("[]"), int(port)) if port.isdigit() else None
