"""WsgiFunctionApp."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.harness import APPS, FuncApp


@pytest.fixture(scope="module")
def app() -> Iterator[FuncApp]:
    with FuncApp(APPS / "wsgi") as it:
        yield it


def test_what_the_app_sees(app: FuncApp) -> None:
    answer = app.client.post(
        "/environ?a=1&b=%20", headers={"X-Some": "1", "content-type": "text/x"}, content=b"abc"
    )
    environ = answer.json()
    assert environ["REQUEST_METHOD"] == "POST"
    assert environ["SCRIPT_NAME"] == ""
    assert environ["PATH_INFO"] == "/environ"
    assert environ["QUERY_STRING"] == "a=1&b=%20"
    assert environ["CONTENT_LENGTH"] == "3"
    assert environ["CONTENT_TYPE"] == "text/x"
    assert environ["HTTP_X_SOME"] == "1"
    assert environ["SERVER_NAME"] == "127.0.0.1"
    assert environ["SERVER_PORT"] == str(app.port)
    assert environ["wsgi.url_scheme"] == "http"
    assert environ["azure_functions.function_name"] == "http_app_func"
    assert len(environ["azure_functions.invocation_id"]) == 36


def test_a_path_beyond_ascii_is_bytes_in_latin_1(app: FuncApp) -> None:
    assert app.client.get("/caf%C3%A9").status_code == 404
    app.wait_for("asked for /cafÃ©")


def test_bodies(app: FuncApp) -> None:
    assert app.client.post("/body", content=b"\x00\x01\xff").content == b"\xff\x01\x00"
    pieces = (b"ab", b"cd")
    answer = app.client.post("/body", content=iter(pieces))
    assert answer.content == b"dcba"
    assert answer.headers["x-length"] == "4"
    assert app.client.get("/body").content == b""


def test_an_answer_in_pieces(app: FuncApp) -> None:
    answer = app.client.get("/pieces")
    assert answer.text == "one two three"
    assert answer.headers["transfer-encoding"] == "chunked"
    assert app.client.get("/write").text == "written returned"


def test_errors_of_the_app_are_its_own_answers(app: FuncApp) -> None:
    answer = app.client.get("/busy")
    assert (answer.status_code, answer.text) == (503, "come back later")
    assert answer.headers["retry-after"] == "9"
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    app.wait_for("not now")
    assert app.client.get("/late").text == "sorry"


def test_an_app_that_raises(app: FuncApp) -> None:
    answer = app.client.get("/crash")
    assert answer.status_code == 500
    assert "LookupError: app trouble" in answer.text
    assert "did not call start_response" in app.client.get("/nothing").text


def test_head(app: FuncApp) -> None:
    assert app.client.head("/environ").content == b""
