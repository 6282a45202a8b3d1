"""AsgiMiddleware and WsgiMiddleware, as `main` of a function and called by user code."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lazulite.testing import AppClient, open_app
from tests.e2e.harness import APPS


@pytest.fixture(scope="module", params=[False, True], ids=["in process", "func start"])
def app(request: pytest.FixtureRequest) -> Iterator[AppClient]:
    with open_app(APPS / "middleware", process=request.param) as it:
        yield it


@pytest.mark.parametrize(
    ("name", "path"),
    [("main_asgi", "x"), ("main_wsgi", "x"), ("own", "asgi"), ("own", "wsgi")],
)
def test_requests_reach_the_app(app: AppClient, name: str, path: str) -> None:
    for body in (b"", b"\x00\xff"):
        answer = app.post(f"/api/{name}/{path}", content=body)
        assert answer.status_code == 202
        assert answer.content == f"{name} /api/{name}/{path} ".encode() + body
