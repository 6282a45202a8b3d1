"""`azure.functions.HttpRequest` over the HTTP server's scope, parsed when it is asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, quote

import azure.functions as func

PATH = "/!$&'()*+,;=:@-._~"

HttpRequestHeaders: Any
try:
    from azure.functions._http import HttpRequestHeaders
except ImportError:  # a version that keeps them elsewhere
    HttpRequestHeaders = dict


class HttpRequest(func.HttpRequest):
    """A real HttpRequest (also for isinstance) that costs nothing until a member is read."""

    # read by the base class's form parser, under its own mangled name
    _HttpRequest__form_parsed = False

    def __init__(self, scope: Any, route_params: Mapping[str, str], body: bytes) -> None:
        self._scope = scope
        self._route = route_params
        self._body = body
        self._headers: Any = None
        self._params: Any = None

    @property
    def method(self) -> str:
        return str(self._scope.method)

    @property
    def url(self) -> str:
        """Scheme, Host header, path, query as sent (the key in `code` included)."""
        scope = self._scope
        path = quote(scope.path, safe=PATH)
        host = scope.headers.get("host") or scope.authority or scope.server
        query = scope.query_string
        return f"{scope.scheme}://{host}{path}{'?' + query if query else ''}"

    @property
    def headers(self) -> Any:
        """Names in lower case, repeated ones joined by a comma; look-up in any case."""
        if self._headers is None:
            self._headers = HttpRequestHeaders(headers_of(self._scope))
        return self._headers

    @property
    def params(self) -> Mapping[str, str]:
        """The query: repeated keys joined by a comma, keys without a value left out."""
        if self._params is None:
            query = self._scope.query_string
            pairs = parse_qsl(query) if query else ()
            self._params = MappingProxyType(joined(pairs))
        return self._params  # type: ignore[no-any-return]

    @property
    def route_params(self) -> Mapping[str, str]:
        return MappingProxyType(dict(self._route))

    def get_body(self) -> bytes:
        return self._body

    def get_json(self) -> Any:
        try:
            return json.loads(self._body.decode("utf-8"))
        except ValueError as error:
            raise ValueError("HTTP request does not contain valid JSON data") from error


def headers_of(scope: Any) -> dict[str, str]:
    """The request's headers, joined; HTTP/2 has the host elsewhere."""
    headers = joined(scope.headers.items())
    if scope.authority and "host" not in headers:
        headers["host"] = scope.authority
    return headers


def joined(pairs: Any) -> dict[str, str]:
    """A dict of pairs; the values of a name that comes again are joined by commas."""
    values: dict[str, str] = {}
    for name, value in pairs:
        if name in values:
            values[name] += f",{value}"
        else:
            values[name] = value
    return values
