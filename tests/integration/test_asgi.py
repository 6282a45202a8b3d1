"""AsgiFunctionApp: what the app sees, and what it answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lazulite.testing import AppClient, open_app
from lazulite.testing.records import Failure
from tests.e2e.harness import APPS


@pytest.fixture(scope="module")
def app() -> Iterator[AppClient]:
    with open_app(APPS / "asgi") as it:
        yield it


def test_what_the_app_sees(app: AppClient) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = app.get("/scope?a=1&a=%C3%A9", headers={"X-A": "1", "traceparent": trace})
    scope = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert scope["type"] == "http"
    assert scope["asgi"]["version"] == "3.0"
    assert scope["method"] == "GET"
    assert scope["path"] == scope["raw_path"] == "/scope"
    assert scope["query_string"] == "a=1&a=%C3%A9"
    assert scope["root_path"] == ""
    assert scope["scheme"] == "http"
    assert ["x-a", "1"] in scope["headers"]
    assert scope["server"] == ["127.0.0.1", 7071]
    assert scope["client"][0] == "127.0.0.1"
    assert scope["state"] == {"started": "yes"}
    assert scope["azure_functions.function_name"] == "http_app_func"
    assert scope["azure_functions.function_directory"] == app.root
    assert scope["azure_functions.invocation_id"] == app.invocations[-1].id
    assert scope["trace_parent"] == trace


def test_the_path_is_decoded_and_the_raw_path_is_not(app: AppClient) -> None:
    scope = app.get("/scope/%C3%A9%20x").json()
    assert scope["path"] == "/scope/é x"
    assert scope["raw_path"] == "/scope/%C3%A9%20x"


def test_every_method_arrives(app: AppClient) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        assert app.request(method, "/scope").json()["method"] == method
    assert app.head("/scope").status_code == 200


def test_bodies_in_pieces_and_large_ones(app: AppClient) -> None:
    answer = app.post("/pieces", content=[b"alpha", b"beta", b"gamma"])
    assert (answer.status_code, answer.headers["x-live"]) == (201, "1")
    assert answer.chunks == (b"ALPHA", b"BETA", b"GAMMA", b".")
    assert app.post("/size", content=b"x" * 5_000_000).text == "5000000"
    assert app.post("/size", content=(b"y" * 1000 for _ in range(3000))).text == "3000000"


def test_headers_come_as_they_are(app: AppClient) -> None:
    answer = app.get("/cookies")
    assert answer.status_code == 204
    assert answer.content == b""
    assert answer.headers.get_all("set-cookie") == ["a=1", "b=2; Path=/"]


def test_head_keeps_the_length(app: AppClient) -> None:
    assert app.get("/sized").text == "12345"
    head = app.head("/sized")
    assert (head.headers["content-length"], head.content) == ("5", b"")


def test_an_app_that_raises(app: AppClient) -> None:
    with pytest.raises(Failure, match="LookupError: app trouble"):
        app.get("/crash")
    answer = app.get("/crash", raise_exceptions=False)
    assert answer.status_code == 500
    assert "LookupError: app trouble" in answer.text
    with pytest.raises(Failure, match="the ASGI app returned without an answer"):
        app.get("/silent")


def test_an_app_that_raises_in_the_middle(app: AppClient) -> None:
    assert app.get("/half", raise_exceptions=False).text == "half"
    assert "trouble in the middle" in str(app.invocations[-1].error)
    assert app.get("/sized").text == "12345"


def test_lifespan_from_start_to_end() -> None:
    with open_app(APPS / "asgi") as app:
        assert [r.message for r in app.logs if r.message.startswith("app is")] == ["app is up"]
    assert [r.message for r in app.logs if r.message.startswith("app is")] == [
        "app is up",
        "app is down",
    ]


def test_an_app_that_cannot_start_says_so() -> None:
    with open_app(APPS / "asgi", settings={"BAD_APP": "fail"}) as app:
        for _ in range(2):
            with pytest.raises(Failure, match="failed to start: the database is away"):
                app.get("/sized")
        answer = app.get("/sized", raise_exceptions=False)
        assert answer.status_code == 500
        assert "failed to start: the database is away" in answer.text


def test_an_app_without_lifespan_is_served() -> None:
    with open_app(APPS / "asgi", settings={"BAD_APP": "raise"}) as app:
        assert app.get("/sized").text == "12345"
        assert not any("knows no lifespan" in record.message for record in app.logs)


def test_the_limit_holds_for_streams_too() -> None:
    with open_app(APPS / "asgi", settings={"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "1000"}) as app:
        assert app.post("/size", content=b"x" * 1000).text == "1000"
        assert app.post("/size", content=b"x" * 1001).status_code == 413
        assert app.post("/size", content=(b"y" * 100 for _ in range(11))).status_code == 413
        assert app.get("/sized").text == "12345"


def test_the_one_function_is_listed(app: AppClient) -> None:
    listed = app.get("/admin/functions").json()
    assert [function["name"] for function in listed] == ["http_app_func"]
