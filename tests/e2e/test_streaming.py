"""Functions with streaming requests and responses, and clients that leave in the middle."""

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


def test_outputs_are_written_before_the_answer(app: FuncApp) -> None:
    answer = app.client.post("/api/order/7", content="two apples")
    assert (answer.status_code, answer.json()) == (202, {"taken": "7"})
    (message,) = in_store(app.root, lambda account: account.queue_admin.peek("orders", 32))
    assert message.body == b"7: two apples"
