"""One request as a WSGI app sees it; the answer leaves in the pieces that the app makes."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Mapping
from typing import Any

from lazulite.worker.asgi import Headers, address, invocation_of
from lazulite.worker.request import headers_of


class WsgiError(RuntimeError):
    """The app broke the WSGI protocol."""


class ErrorLog(io.TextIOBase):
    """`wsgi.errors`: what is written there is logged as errors, line by line."""

    def __init__(self) -> None:
        self._rest = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            if line.strip():
                logging.getLogger("wsgi.errors").error("%s", line)
        return len(text)

    def flush(self) -> None:
        """Log what has no end of line yet."""
        rest, self._rest = self._rest, ""
        if rest.strip():
            logging.getLogger("wsgi.errors").error("%s", rest)


def environ(scope: Any, context: Any, body: bytes, errors: Any) -> dict[str, Any]:
    """The WSGI environment: SCRIPT_NAME is empty and PATH_INFO the whole path, prefix included, as
    in azure.functions' own bridge; texts are bytes in latin-1, as PEP 3333 has it."""
    headers = headers_of(scope)
    server = address(scope.server) or ("localhost", 80)
    host, _, port = headers.get("host", "").rpartition(":")
    if not port.isdigit():
        host, port = f"{host}:{port}".strip(":"), ""
    made: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": scope.query_string or "",
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": host or server[0],
        "SERVER_PORT": port or ("443" if scope.scheme == "https" else "80"),
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": errors,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **invocation_of(context),
    }
    client = address(scope.client)
    if client is not None:
        made["REMOTE_ADDR"], made["REMOTE_PORT"] = client[0], str(client[1])
    if "content-type" in headers:
        made["CONTENT_TYPE"] = headers["content-type"]
    for name, value in headers.items():
        made[f"HTTP_{name.upper().replace('-', '_')}"] = value
    return made


def run(
    app: Any,
    env: Mapping[str, Any],
    begin: Callable[[int, Headers], Callable[[bytes], None]],
    whole: Callable[[int, Headers, bytes], None],
) -> None:
    """Call the app and send what it answers.

    An answer of one piece goes to `whole`; otherwise `begin` gives the function that sends each.
    Raises what the app raises.
    """
    head: list[tuple[int, Headers]] = []
    send: Callable[[bytes], None] | None = None

    def start_response(status: str, headers: Any, exc_info: Any = None) -> Callable[[bytes], None]:
        if exc_info:
            try:
                if send is not None:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif head:
            raise WsgiError("the app started its answer twice")
        head[:] = [(int(status.split(" ", 1)[0]), [(str(n), str(v)) for n, v in headers])]
        return write

    def write(piece: bytes) -> None:
        nonlocal send
        if send is None:
            if not head:
                raise WsgiError("the app sent a body before it called start_response")
            send = begin(*head[0])
        if piece:
            send(piece)

    pieces = app(env, start_response)
    try:
        for piece in pieces:
            if not piece:
                continue
            if send is None and head and _is_all(piece, head[0][1], pieces):
                whole(*head[0], piece)
                return
            write(piece)
        if not head:
            raise WsgiError("the app did not call start_response")
        if send is None:
            whole(*head[0], b"")
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()
        env["wsgi.errors"].flush()


def _is_all(piece: bytes, headers: Headers, pieces: Any) -> bool:
    """Whether no other piece follows, as far as can be known without asking for it."""
    if isinstance(pieces, (list, tuple)):
        return len(pieces) == 1
    length = next((value for name, value in headers if name.lower() == "content-length"), None)
    return length == str(len(piece))
