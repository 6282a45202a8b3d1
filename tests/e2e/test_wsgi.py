"""WsgiFunctionApp over a process: the server's address, chunks, HEAD."""

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


def test_an_answer_in_pieces(app: FuncApp) -> None:
    answer = app.client.get("/pieces")
    assert answer.text == "one two three"
    assert answer.headers["transfer-encoding"] == "chunked"
    assert app.client.get("/write").text == "written returned"


def test_head(app: FuncApp) -> None:
    assert app.client.head("/environ").content == b""
