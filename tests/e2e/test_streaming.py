"""Functions with streaming requests and responses (azurefunctions-extensions-http-fastapi)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.harness import APPS, FuncApp
from tests.e2e.stores import in_store


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FuncApp]:
    with FuncApp(APPS / "streaming", copy_to=tmp_path_factory.mktemp("streaming")) as it:
        yield it


def test_a_request_is_answered_in_pieces(app: FuncApp) -> None:
    pieces = (b"alpha ", b"beta")
    with app.client.stream("POST", "/api/echo/you", content=iter(pieces)) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["x-live"] == "1"
        assert b"".join(answer.iter_bytes()) == b"you:ALPHA BETA"


def test_an_endless_answer_ends_when_the_client_leaves(app: FuncApp) -> None:
    with app.client.stream("GET", "/api/endless") as answer:
        lines = answer.iter_lines()
        assert [next(lines) for _ in range(3)] == ["0", "1", "2"]
    assert app.client.get("/api/left").json() == {"left": True}
    app.wait_for("the stream was ended")


def test_forms(app: FuncApp) -> None:
    answer = app.client.post("/api/form", data={"a": "1", "b": "é"})
    assert (answer.status_code, answer.json()) == (202, {"a": "1", "b": "é"})
    files = {"file": ("x.txt", b"content")}
    assert "file" in app.client.post("/api/form", files=files).json()


def test_a_synchronous_function(app: FuncApp) -> None:
    answer = app.client.get("/api/sync?q=hi")
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
        ("unknown", 500, None),
    ],
)
def test_what_may_be_returned(app: FuncApp, kind: str, status: int, body: str | None) -> None:
    answer = app.client.get(f"/api/value/{kind}")
    assert answer.status_code == status
    if body is not None:
        assert answer.text == body


def test_ordinary_functions_beside_it(app: FuncApp) -> None:
    assert app.client.post("/api/classic", content=b"abc").content == b"cba"


def test_the_context(app: FuncApp) -> None:
    assert app.client.get("/api/context").json()["name"] == "with_context"


def test_failures(app: FuncApp) -> None:
    answer = app.client.get("/api/broken")
    assert answer.status_code == 500
    assert "LookupError: no luck" in answer.text
    assert app.client.get("/api/halfway").text == "1"
    app.wait_for("LookupError: no luck in the middle")


def test_outputs_are_written_before_the_answer(app: FuncApp) -> None:
    answer = app.client.post("/api/order/7", content="two apples")
    assert (answer.status_code, answer.json()) == (202, {"taken": "7"})
    (message,) = in_store(app.root, lambda account: account.queue_admin.peek("orders", 32))
    assert message.body == b"7: two apples"
