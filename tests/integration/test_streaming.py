"""Functions with streaming requests and responses (azurefunctions-extensions-http-fastapi)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lazulite.testing import AppClient, open_app
from tests.e2e.harness import APPS


@pytest.fixture(scope="module")
def app() -> Iterator[AppClient]:
    with open_app(APPS / "streaming") as it:
        yield it


def test_a_request_is_answered_in_pieces(app: AppClient) -> None:
    answer = app.post("/api/echo/you", content=iter((b"alpha ", b"beta")))

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["x-live"] == "1"
    assert answer.chunks == (b"you:", b"ALPHA ", b"BETA")


def test_forms(app: AppClient) -> None:
    answer = app.post("/api/form", data={"a": "1", "b": "é"})
    assert (answer.status_code, answer.json()) == (202, {"a": "1", "b": "é"})
    files = {"file": ("x.txt", b"content")}
    assert "file" in app.post("/api/form", files=files).json()


def test_a_synchronous_function(app: AppClient) -> None:
    answer = app.get("/api/sync?q=hi")
    assert answer.text == "<p>hi</p>"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        ("text", 200, '"text"'),
        ("dict", 200, '{"a":[1]}'),
        ("none", 200, "null"),
        ("int", 200, "3"),
        ("model", 200, '{"x":1,"y":2}'),
        ("plain", 200, "plain"),
        ("redirect", 307, ""),
        ("empty", 204, ""),
        ("classic", 418, "classic"),
    ],
)
def test_what_may_be_returned(app: AppClient, kind: str, status: int, body: str) -> None:
    answer = app.get(f"/api/value/{kind}")
    assert (answer.status_code, answer.text) == (status, body)


def test_ordinary_functions_beside_it(app: AppClient) -> None:
    assert app.post("/api/classic", content=b"abc").content == b"cba"


def test_the_context(app: AppClient) -> None:
    assert app.get("/api/context").json()["name"] == "with_context"


def test_failures(app: AppClient) -> None:
    with pytest.raises(LookupError, match="no luck"):
        app.get("/api/broken")
    answer = app.get("/api/broken", raise_exceptions=False)
    assert answer.status_code == 500
    assert "LookupError: no luck" in answer.text
    with pytest.raises(KeyError, match="unknown"):
        app.get("/api/value/unknown")


def test_failures_in_the_middle_of_an_answer(app: AppClient) -> None:
    assert app.get("/api/halfway", raise_exceptions=False).text == "1"
    assert "LookupError: no luck in the middle" in str(app.invocations[-1].error)


def test_outputs_are_written_before_the_answer(app: AppClient) -> None:
    answer = app.post("/api/order/7", content="two apples")
    assert (answer.status_code, answer.json()) == (202, {"taken": "7"})
    assert app.queue("orders").messages() == ["7: two apples"]
