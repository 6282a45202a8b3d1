"""Answers the public port while no worker can: the app cannot be imported, is offline, or its
interpreter is being rebuilt. The admin API works, everything else is told that the host is not
running. One request per connection, no framework: it must not need what may be broken."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from lazulite.abc import WebRequest, WebResponse
from lazulite.host.listening import PublicSockets

if TYPE_CHECKING:
    import ssl

NOT_RUNNING = b"Function host is not running."
PATIENCE = 10.0
MAX_HEAD = 64 * 1024
MAX_BODY = 1024 * 1024
_HOSTS_OWN = ("/admin/", "/runtime/")

Answer = Callable[[WebRequest], Awaitable[WebResponse]]


class Fallback:
    """`start` and `stop` may be called in any order. web: answers the host's own paths; tls: files
    of the certificate (`cert`, `key`) where the port speaks HTTPS; offline: the body of 503 for all
    others."""

    def __init__(
        self, public: PublicSockets, web: Answer, tls: Mapping[str, str] | None = None
    ) -> None:
        self._public = public
        self._web = web
        self._tls = tls
        self._servers: list[asyncio.Server] = []
        self.running = False
        self.offline = NOT_RUNNING

    async def start(self) -> None:
        """Accept connections from now on, beside any worker that still does."""
        if self.running:
            return
        self.running = True
        for listener in self._public.listening:
            server = await asyncio.start_server(
                self._serve, sock=listener.dup(), ssl=self._context(), limit=MAX_HEAD, backlog=2048
            )
            self._servers.append(server)

    async def stop(self) -> None:
        """Leave new connections to the workers."""
        self.running = False
        servers, self._servers = self._servers, []
        for server in servers:
            server.close()

    def _context(self) -> ssl.SSLContext | None:
        if self._tls is None:
            return None
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._tls["cert"], self._tls["key"])
        return context

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await asyncio.wait_for(read_request(reader), PATIENCE)
            if request is not None:
                writer.write(encode(await self._answer(request), request.method == "HEAD"))
                await asyncio.wait_for(writer.drain(), PATIENCE)
        except (OSError, ValueError, asyncio.TimeoutError, asyncio.IncompleteReadError):
            pass  # a client that is gone, slow or speaks something else
        finally:
            writer.close()

    async def _answer(self, request: WebRequest) -> WebResponse:
        if request.path.startswith(_HOSTS_OWN):
            return await self._web(request)
        kind = "text/html" if self.offline.lstrip().startswith(b"<") else "text/plain"
        headers = {"content-type": f"{kind}; charset=utf-8", "retry-after": "1"}
        return WebResponse(503, headers, self.offline)


async def read_request(reader: asyncio.StreamReader) -> WebRequest | None:
    """One HTTP/1 request, None at the end of the connection. Raises ValueError."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    except asyncio.LimitOverrunError as error:
        raise ValueError("too long") from error
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    path, _, query = target.partition("?")
    return WebRequest(
        method=method,
        path=unquote(path),
        query=dict(parse_qsl(query, keep_blank_values=True)),
        headers=headers,
        body=await _body(reader, headers),
    )


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if "chunked" in headers.get("transfer-encoding", "").lower():
        body = b""
        while True:
            size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
            if len(body) + size > MAX_BODY:
                raise ValueError("too large")
            body += (await reader.readexactly(size + 2))[:size]
            if size == 0:
                return body
    length = int(headers.get("content-length") or 0)
    if not 0 <= length <= MAX_BODY:
        raise ValueError("too large")
    return await reader.readexactly(length)


def encode(response: WebResponse, head_only: bool = False) -> bytes:
    """The answer as HTTP/1.1, after which the connection is closed."""
    try:
        phrase = HTTPStatus(response.status).phrase
    except ValueError:
        phrase = ""
    lines = [f"HTTP/1.1 {response.status} {phrase}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    lines += [f"content-length: {len(response.body)}", "connection: close"]
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
    return head if head_only else head + response.body
