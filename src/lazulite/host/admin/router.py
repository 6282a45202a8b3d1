"""What the host itself answers over HTTP: home page, admin API, webhooks."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from lazulite.abc import WebhookHandler, WebRequest, WebResponse
from lazulite.errors import LazuliteError
from lazulite.web.keys import AuthLevel, KeyTable, caller_level, presented_key
from lazulite.web.routes import RouteTable

Handler = Callable[[WebRequest, Mapping[str, str]], Awaitable[WebResponse]]


class Router:
    """Routes of the host. `keys` gives the key table, None where everyone is an administrator."""

    def __init__(self, keys: Callable[[], Awaitable[KeyTable | None]]) -> None:
        self._keys = keys
        self._rows: list[tuple[str, tuple[str, ...], Handler, bool]] = []
        self._table = RouteTable()
        self._webhooks: dict[str, WebhookHandler] = {}

    def add(self, methods: str, route: str, handler: Handler, *, open: bool = False) -> None:
        """Answer `methods` ('GET POST') of a route; `open` ones need no key."""
        self._rows.append((route, tuple(methods.split()), handler, open))
        self._table = RouteTable((r, r, m) for r, m, _, _ in self._rows)

    def webhook(self, extension: str, handler: WebhookHandler) -> None:
        """Answer /runtime/webhooks/{extension} with `handler`."""
        self._webhooks[extension.lower()] = handler

    async def answer(self, request: WebRequest) -> WebResponse:
        """The answer to a request; never raises."""
        try:
            return await self._answer(request)
        except LazuliteError as error:
            return as_json({"error": str(error)}, 500)

    async def _answer(self, request: WebRequest) -> WebResponse:
        if request.path.lower().startswith("/runtime/webhooks/"):
            return await self._webhook(request)
        match = self._table.match(request.method, request.path)
        if match is None:
            return WebResponse(404)
        _, _, handler, is_open = self._rows[match.order]
        if not is_open:
            level = await self._level(request)
            if level is AuthLevel.ANONYMOUS:
                return WebResponse(401)
            if level is not AuthLevel.ADMIN:
                return WebResponse(403)
        return await handler(request, match.params)

    async def _level(self, request: WebRequest) -> AuthLevel:
        table = await self._keys()
        if table is None:
            return AuthLevel.ADMIN
        key = presented_key(request.headers.get("x-functions-key"), request.query.get("code"))
        return caller_level(table, key)

    async def _webhook(self, request: WebRequest) -> WebResponse:
        extension = request.path.split("/")[3].lower()
        handler = self._webhooks.get(extension)
        if handler is None:
            return WebResponse(404)
        table = await self._keys()
        if table is not None:
            key = presented_key(request.headers.get("x-functions-key"), request.query.get("code"))
            own = table.system.get(f"{extension}_extension", "")
            if not key or key not in (own, table.master):
                return WebResponse(401)
        return await handler(request)


def request_of(body: Mapping[str, Any], content: bytes) -> WebRequest:
    """A request that a worker handed up."""
    return WebRequest(
        method=body["method"],
        path=body["path"],
        query=dict(parse_qsl(body["query"], keep_blank_values=True)),
        headers=body["headers"],
        body=content,
    )


def as_json(value: Any, status: int = 200) -> WebResponse:
    """A JSON answer."""
    return WebResponse(
        status,
        {"content-type": "application/json; charset=utf-8"},
        json.dumps(value, ensure_ascii=False).encode(),
    )


def json_body(request: WebRequest) -> Any:
    """The request's JSON body, None where it has none or bad JSON."""
    try:
        return json.loads(request.body) if request.body else None
    except ValueError:
        return None
