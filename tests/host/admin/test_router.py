from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from lazulite.abc import WebRequest, WebResponse
from lazulite.errors import Conflict, UsageError
from lazulite.host.admin.router import Router, json_body, request_of
from lazulite.web.keys import KeyTable

KEYS = KeyTable("boss", {"default": "all"}, {"blobs_extension": "sys", "other_extension": "o"}, {})


class Doors:
    """A router over settable keys and states."""

    def __init__(self, keys: KeyTable | None = None) -> None:
        self.keys = keys
        self.later: KeyTable | None = None
        self.is_running = True
        self.asked = 0
        self.router = Router(self._keys, self._running, self._reread)
        self.router.add("GET", "admin/one/{name}", self._one)
        self.router.add("GET POST", "admin/open", self._one, open=True, always=True)
        self.router.add("GET", "admin/clash", self._clash)
        self.router.add("GET", "admin/refused", self._refused)
        self.router.webhook("Blobs", self._hook)

    async def _keys(self) -> KeyTable | None:
        return self.keys

    async def _running(self) -> bool:
        return self.is_running

    async def _reread(self) -> bool:
        self.asked += 1
        changed = self.later is not None
        self.keys = self.later or self.keys
        return changed

    async def _one(self, request: WebRequest, params: Mapping[str, str]) -> WebResponse:
        return WebResponse(200, {}, repr(dict(params)).encode())

    async def _clash(self, request: WebRequest, params: Mapping[str, str]) -> WebResponse:
        raise Conflict("somebody was first")

    async def _refused(self, request: WebRequest, params: Mapping[str, str]) -> WebResponse:
        raise UsageError("not like this")

    async def _hook(self, request: WebRequest) -> WebResponse:
        return WebResponse(200, {}, b"hooked")

    def ask(self, path: str, key: str | None = None, method: str = "GET") -> WebResponse:
        headers = {"x-functions-key": key} if key else {}
        return asyncio.run(self.router.answer(WebRequest(method, path, {}, headers)))


def test_routes() -> None:
    doors = Doors()
    assert doors.ask("/ADMIN/one/X").body == b"{'name': 'X'}"
    assert doors.ask("/admin/one").status == 404
    assert doors.ask("/admin/one/x", method="POST").status == 404


@pytest.mark.parametrize(
    ("key", "status"), [(None, 401), ("wrong", 401), ("all", 403), ("sys", 403), ("boss", 200)]
)
def test_keys(key: str | None, status: int) -> None:
    assert Doors(KEYS).ask("/admin/one/x", key).status == status
    assert Doors(KEYS).ask("/admin/open", key).status == 200


def test_an_unknown_key_may_be_new() -> None:
    doors = Doors(KEYS)
    doors.later = KEYS._replace(master="new")
    assert doors.ask("/admin/one/x", "new").status == 200
    assert doors.ask("/admin/one/x").status == 401
    assert doors.asked == 1


def test_a_host_that_does_not_run() -> None:
    doors = Doors()
    doors.is_running = False
    answer = doors.ask("/admin/one/x")
    assert (answer.status, answer.body) == (503, b"Function host is not running.")
    assert doors.ask("/runtime/webhooks/blobs").status == 503
    assert doors.ask("/admin/open").status == 200


@pytest.mark.parametrize(
    ("key", "status"), [(None, 401), ("all", 401), ("o", 401), ("sys", 200), ("boss", 200)]
)
def test_webhooks(key: str | None, status: int) -> None:
    assert Doors(KEYS).ask("/runtime/webhooks/BLOBS/x", key).status == status
    assert Doors(KEYS).ask("/runtime/webhooks/nothing", key).status == 404


def test_errors_are_answers() -> None:
    assert Doors().ask("/admin/clash").status == 409
    answer = Doors().ask("/admin/refused")
    assert (answer.status, answer.body) == (500, b'{"error": "not like this"}')


def test_requests_of_workers() -> None:
    body = {"method": "GET", "path": "/x", "query": "a=1&b=", "headers": {}, "scheme": "https"}
    request = request_of(body, b"{}")
    assert request.query == {"a": "1", "b": ""}
    assert request.scheme == "https"
    assert json_body(request) == {}
    assert json_body(WebRequest("GET", "/", {}, {}, b"\xff")) is None
