"""One HTTP request, with the standard library."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from lazulite.errors import UsageError

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_CONNECT_SECONDS = 5.0


@dataclass(frozen=True)
class Answer:
    """status, reason, headers as they came, the whole body."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """The first header of this name, whatever its case; empty without one."""
        return next((v for n, v in self.headers if n.lower() == name.lower()), "")


def send(
    method: str,
    url: str,
    headers: Sequence[tuple[str, str]] = (),
    body: bytes | None = None,
    timeout: float | None = None,
) -> Answer:
    """Send a request and read the answer whole. timeout: seconds of silence, None = any.

    This machine's own certificates are not checked. Raises UsageError when nobody answers.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"'{url}' is no URL of a host.", hint="Write http://localhost:7071.")
    connection = _connection(parts.scheme, parts.hostname, parts.port)
    try:
        connection.connect()
        assert connection.sock is not None
        connection.sock.settimeout(timeout)
        connection.putrequest(
            method, f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        )
        given = {name.lower() for name, _ in headers}
        for name, value in headers:
            connection.putheader(name, value.encode("utf-8"))
        if body is not None and "content-length" not in given:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        content = response.read()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise UsageError(
            f"{parts.scheme}://{parts.netloc} does not answer: {error or type(error).__name__}",
            hint="Is the app running? Start it with `func start`.",
        ) from None
    finally:
        connection.close()
    return Answer(response.status, response.reason, tuple(response.getheaders()), content)


def _connection(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    if scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=_CONNECT_SECONDS)
    context = ssl.create_default_context()
    if host in _LOOPBACK:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=_CONNECT_SECONDS, context=context)
