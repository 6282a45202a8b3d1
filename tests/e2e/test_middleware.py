"""AsgiMiddleware and WsgiMiddleware, as `main` of a function and called by user code."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.harness import APPS, FuncApp


@pytest.fixture(scope="module")
def app() -> Iterator[FuncApp]:
    with FuncApp(APPS / "middleware") as it:
        yield it


@pytest.mark.parametrize(
    ("name", "path"),
    [("main_asgi", "x"), ("main_wsgi", "x"), ("own", "asgi"), ("own", "wsgi")],
)
def test_requests_reach_the_app(app: FuncApp, name: str, path: str) -> None:
    for body in (b"", b"\x00\xff"):
        answer = app.client.post(f"/api/{name}/{path}", content=body)
        assert answer.status_code == 202
        assert answer.content == f"{name} /api/{name}/{path} ".encode() + body
