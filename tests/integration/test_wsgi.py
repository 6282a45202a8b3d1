"""WsgiFunctionApp."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lazulite.testing import AppClient, open_app
from lazulite.testing.records import Failure
from tests.e2e.harness import APPS


@pytest.fixture(scope="module")
def app() -> Iterator[AppClient]:
    with open_app(APPS / "wsgi") as it:
        yield it


def test_what_the_app_sees(app: AppClient) -> None:
    answer = app.post(
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
    assert environ["SERVER_NAME"] == "localhost"
    assert environ["SERVER_PORT"] == "7071"
    assert environ["wsgi.url_scheme"] == "http"
    assert environ["azure_functions.function_name"] == "http_app_func"
    assert environ["azure_functions.invocation_id"] == app.invocations[-1].id


def test_a_path_beyond_ascii_is_bytes_in_latin_1(app: AppClient) -> None:
    assert app.get("/caf%C3%A9").status_code == 404
    assert app.invocations[-1].messages == ["asked for /cafÃ©"]


def test_bodies(app: AppClient) -> None:
    assert app.post("/body", content=b"\x00\x01\xff").content == b"\xff\x01\x00"
    answer = app.post("/body", content=iter((b"ab", b"cd")))
    assert answer.content == b"dcba"
    assert answer.headers["x-length"] == "4"
    assert app.get("/body").content == b""


def test_an_answer_in_pieces(app: AppClient) -> None:
    answer = app.get("/pieces")
    assert answer.text == "one two three"
    assert b"".join(answer.chunks) == answer.content
    assert len(answer.chunks) > 1
    assert app.get("/write").text == "written returned"


def test_errors_of_the_app_are_its_own_answers(app: AppClient) -> None:
    answer = app.get("/busy")
    assert (answer.status_code, answer.text) == (503, "come back later")
    assert answer.headers["retry-after"] == "9"
    assert answer.headers.get_all("set-cookie") == ["a=1", "b=2"]
    assert app.invocations[-1].messages == ["not now"]
    assert app.get("/late").text == "sorry"


def test_an_app_that_raises(app: AppClient) -> None:
    with pytest.raises(Failure, match="LookupError: app trouble"):
        app.get("/crash")
    answer = app.get("/crash", raise_exceptions=False)
    assert answer.status_code == 500
    assert "LookupError: app trouble" in answer.text
    silent = app.get("/nothing", raise_exceptions=False)
    assert "did not call start_response" in silent.text


def test_head(app: AppClient) -> None:
    assert app.head("/environ").content == b""
