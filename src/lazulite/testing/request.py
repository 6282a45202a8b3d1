"""From the arguments of `client.post(...)` to a request: no I/O."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

Pairs = list[tuple[str, str]]
QueryValue = str | int | float | bool | None
Params = Mapping[str, QueryValue | Sequence[QueryValue]] | Sequence[tuple[str, QueryValue]] | str
Content = str | bytes | Iterable[bytes] | AsyncIterable[bytes]
File = bytes | str | tuple[str, bytes | str] | tuple[str, bytes | str, str]


@dataclass(frozen=True)
class Request:
    """A request as it travels: `target` is path and query as sent; header names in lower case.

    body: bytes, or pieces that are sent one after another (chunked).
    """

    method: str
    scheme: str
    host: str
    target: str
    headers: Pairs
    body: bytes | Iterable[bytes] | AsyncIterable[bytes]

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}{self.target}"


def build_request(
    method: str,
    url: str,
    *,
    base: str = "http://localhost:7071",
    params: Params | None = None,
    headers: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
    cookies: Mapping[str, str] | None = None,
    json_body: Any = None,
    data: Mapping[str, Any] | str | bytes | None = None,
    content: Content | None = None,
    files: Mapping[str, File] | None = None,
) -> Request:
    """The request of httpx-like arguments.

    url: path with query, or whole; base: its scheme and host where it names none; data: a form
    (mapping), or a raw body; content: a raw body, or pieces of one; json_body: None for no body
    (content="null" sends a null). Raises ValueError when more than one body is given or a header
    has a line break, TypeError for an URL that is no text.
    """
    if not isinstance(url, str):
        raise TypeError(f"The URL is {url!r}: text is needed.")
    if sum(x is not None for x in (json_body, content)) + (data is not None or bool(files)) > 1:
        raise ValueError("give one body: json=, data= (with files=), or content=")
    parts, root = urlsplit(url), urlsplit(base)
    query = "&".join(q for q in (parts.query, _query(params)) if q)
    path = parts.path if parts.path.startswith("/") else "/" + parts.path
    pairs = _header_pairs(headers)
    body, kind = _body(json_body, data, content, files)
    present = {name for name, _ in pairs}
    if kind and "content-type" not in present:
        pairs.append(("content-type", kind))
    if isinstance(body, bytes):
        if (body or method.upper() in ("POST", "PUT", "PATCH")) and not (
            present & {"content-length", "transfer-encoding"}
        ):
            pairs.append(("content-length", str(len(body))))
    elif "transfer-encoding" not in present:
        pairs.append(("transfer-encoding", "chunked"))
    if cookies:
        pairs.append(("cookie", "; ".join(f"{k}={v}" for k, v in cookies.items())))
    host = parts.netloc or root.netloc
    if "host" not in present:
        pairs.insert(0, ("host", host))
    return Request(
        method.upper(),
        parts.scheme or root.scheme,
        host,
        path + (f"?{query}" if query else ""),
        pairs,
        body,
    )


def _query(params: Params | None) -> str:
    if params is None:
        return ""
    if isinstance(params, str):
        return params.lstrip("?")
    pairs: Pairs = []
    for name, value in params.items() if isinstance(params, Mapping) else params:
        values = value if isinstance(value, (list, tuple)) else (value,)
        pairs += [(name, _query_text(v)) for v in values]
    return urlencode(pairs)


def _query_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _header_pairs(headers: Mapping[str, str] | Sequence[tuple[str, str]] | None) -> Pairs:
    if headers is None:
        return []
    given = headers.items() if isinstance(headers, Mapping) else headers
    return [(_header_text(name).lower(), _header_text(value)) for name, value in given]


def _header_text(value: object) -> str:
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    if "\r" in text or "\n" in text:
        raise ValueError(f"The header {text!r} has a line break.")
    return text


def _body(
    json_body: Any,
    data: Mapping[str, Any] | str | bytes | None,
    content: Content | None,
    files: Mapping[str, File] | None,
) -> tuple[bytes | Iterable[bytes] | AsyncIterable[bytes], str]:
    """The body and the content type that goes with it."""
    if json_body is not None:
        return json.dumps(json_body).encode(), "application/json"
    if files:
        return _multipart(data if isinstance(data, Mapping) else {}, files)
    if isinstance(data, Mapping):
        form = urlencode(list(data.items()), doseq=True)
        return form.encode(), "application/x-www-form-urlencoded"
    raw = data if data is not None else content
    if raw is None:
        return b"", ""
    if isinstance(raw, str):
        return raw.encode(), "text/plain; charset=utf-8" if data is None else ""
    return raw, ""


def _multipart(fields: Mapping[str, Any], files: Mapping[str, File]) -> tuple[bytes, str]:
    boundary = secrets.token_hex(16)
    pieces: list[bytes] = []
    for name, value in fields.items():
        for one in value if isinstance(value, (list, tuple)) else (value,):
            head = f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n'
            pieces += [head.encode(), str(one).encode(), b"\r\n"]
    for name, file in files.items():
        filename, content, kind = _file(name, file)
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"; '
            f'filename="{_quoted(filename)}"\r\nContent-Type: {kind}\r\n\r\n'
        )
        pieces += [head.encode(), content, b"\r\n"]
    pieces.append(f"--{boundary}--\r\n".encode())
    return b"".join(pieces), f"multipart/form-data; boundary={boundary}"


def _quoted(name: str) -> str:
    """A field's or file's name as browsers write it (WHATWG, multipart/form-data encoding)."""
    return name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")


def _file(name: str, file: File) -> tuple[str, bytes, str]:
    filename, kind = name, "application/octet-stream"
    content: bytes | str
    if isinstance(file, tuple):
        filename, content = file[0], file[1]
        if len(file) == 3:
            kind = file[2]
    else:
        content = file
    return filename, content.encode() if isinstance(content, str) else content, kind
