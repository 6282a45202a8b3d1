"""What the host itself answers over HTTP: home page, admin API, webhooks."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from lazulite.abc import WebhookHandler, WebRequest, WebResponse
from lazulite.errors import Conflict, LazuliteError
from lazulite.web.keys import AuthLevel, KeyTable, caller_level, presented_key
from lazulite.web.routes import RouteTable

Handler = Callable[[WebRequest, Mapping[str, str]], Awaitable[WebResponse]]


@dataclass(frozen=True)
class _Row:
    route: str
    methods: tuple[str, ...]
    handler: Handler
    open: bool
    always: bool


class Router:
    """Routes of the host.

    keys: the key table, None where everyone is an administrator; running: waits (not for long)
    until the host runs, False when it does not; reread: called for an unknown key, True when the
    keys have changed.
    """

    def __init__(
        self,
        keys: Callable[[], Awaitable[KeyTable | None]],
        running: Callable[[], Awaitable[bool]] | None = None,
        reread: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        self._keys = keys
        self._running = running or _yes
        self._reread = reread or _no
        self._rows: list[_Row] = []
        self._table: RouteTable | None = None  # made of the rows when the first request comes
        self._webhooks: dict[str, WebhookHandler] = {}

    def add(
        self,
        methods: str,
        route: str,
        handler: Handler,
        *,
        open: bool = False,
        always: bool = False,
    ) -> None:
        """Answer `methods` ('GET POST') of a route; `open` ones need no key, `always` ones no
        running host."""
        self._rows.append(_Row(route, tuple(methods.split()), handler, open, always))
        self._table = None

    @property
    def extensions(self) -> Sequence[str]:
        """The names that webhooks were claimed for."""
        return tuple(self._webhooks)

    def webhook(self, extension: str, handler: WebhookHandler) -> None:
        """Answer /runtime/webhooks/{extension} with `handler`."""
        self._webhooks[extension.lower()] = handler

    async def answer(self, request: WebRequest) -> WebResponse:
        """The answer to a request; never raises."""
        try:
            return await self._answer(request)
        except Conflict as error:
            return as_json({"error": str(error)}, 409)
        except LazuliteError as error:
            return as_json({"error": str(error)}, 500)

    async def _answer(self, request: WebRequest) -> WebResponse:
        if request.path.lower().startswith("/runtime/webhooks/"):
            return await self._webhook(request)
        if self._table is None:
            self._table = RouteTable((row.route, row.route, row.methods) for row in self._rows)
        match = self._table.match(request.method, request.path)
        if match is None:
            return WebResponse(404)
        row = self._rows[match.order]
        if not row.open:
            level = await self._level(request)
            if level is AuthLevel.ANONYMOUS:
                return WebResponse(401)
            if level is not AuthLevel.ADMIN:
                return WebResponse(403)
        if not row.always and not await self._running():
            return not_running()
        return await row.handler(request, match.params)

    async def _level(self, request: WebRequest) -> AuthLevel:
        key = presented_key(request.headers.get("x-functions-key"), request.query.get("code"))
        table = await self._keys()
        if table is None:
            return AuthLevel.ADMIN
        level = caller_level(table, key)
        if key and level is AuthLevel.ANONYMOUS and await self._reread():
            table = await self._keys()
            level = caller_level(table, key) if table is not None else AuthLevel.ADMIN
        return level

    async def _webhook(self, request: WebRequest) -> WebResponse:
        extension = request.path.split("/")[3].lower()
        handler = self._webhooks.get(extension)
        if handler is None:
            return WebResponse(404)
        table = await self._keys()
        if table is not None:
            own = table.system.get(f"{extension}_extension", "")
            only = KeyTable(table.master, {}, {extension: own})
            key = presented_key(request.headers.get("x-functions-key"), request.query.get("code"))
            if caller_level(only, key) is AuthLevel.ANONYMOUS:
                return WebResponse(401)
        if not await self._running():
            return not_running()
        return await handler(request)


async def _yes() -> bool:
    return True


async def _no() -> bool:
    return False


def not_running() -> WebResponse:
    """What a host answers that does not run (any more)."""
    return WebResponse(
        503, {"content-type": "text/plain; charset=utf-8"}, b"Function host is not running."
    )


def request_of(body: Mapping[str, Any], content: bytes) -> WebRequest:
    """A request that a worker handed up."""
    return WebRequest(
        method=body["method"],
        path=body["path"],
        query=dict(parse_qsl(body["query"], keep_blank_values=True)),
        headers=body["headers"],
        body=content,
        scheme=body.get("scheme") or "http",
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
