from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from lazulite.worker.wsgi import ErrorLog, WsgiError, environ, run
from tests.worker.rsgi import Scope


class Context:
    function_directory = "/app"
    function_name = "f"
    invocation_id = "id"
    thread_local_storage = trace_context = retry_context = None


class Sink:
    """Where an answer goes: `whole`, or `head` and `pieces`."""

    def __init__(self) -> None:
        self.whole: Any = None
        self.head: Any = None
        self.pieces: list[bytes] = []

    def begin(self, status: int, headers: Any) -> Callable[[bytes], None]:
        self.head = status, headers
        return self.pieces.append

    def all(self, status: int, headers: Any, body: bytes) -> None:
        self.whole = status, headers, body


def call(app: Any) -> Sink:
    sink = Sink()
    run(app, {"wsgi.errors": io.StringIO()}, sink.begin, sink.all)
    return sink


def app_of(pieces: Iterable[bytes], *headers: tuple[str, str]) -> Any:
    def app(env: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", list(headers))
        return pieces

    return app


def test_one_piece_is_sent_whole() -> None:
    assert call(app_of([b"abc"])).whole == (200, [], b"abc")
    assert call(app_of([])).whole == (200, [], b"")
    length = ("Content-Length", "3")
    assert call(app_of(iter([b"", b"abc"]), length)).whole == (200, [length], b"abc")


def test_more_pieces_are_sent_one_by_one() -> None:
    for pieces in ([b"a", b"b"], iter([b"a", b"", b"b"])):
        sink = call(app_of(pieces))
        assert (sink.head, sink.pieces, sink.whole) == ((200, []), [b"a", b"b"], None)


def test_write_comes_first() -> None:
    def app(env: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])(b"w")
        return [b"r"]

    assert call(app).pieces == [b"w", b"r"]


def test_close_is_called_whatever_happens() -> None:
    closed: list[bool] = []

    class Pieces:
        def __iter__(self) -> Any:
            raise LookupError("in the middle")

        def close(self) -> None:
            closed.append(True)

    with pytest.raises(LookupError):
        call(app_of(Pieces()))
    assert closed == [True]


def test_the_protocol_is_watched() -> None:
    def twice(env: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        start_response("200 OK", [])
        return []

    for app in (twice, lambda env, start: [], lambda env, start: [b"x"]):
        with pytest.raises(WsgiError):
            call(app)


def test_an_error_replaces_an_answer_that_has_not_begun() -> None:
    def app(env: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        error = LookupError("x")
        start_response("500 Sorry", [], (LookupError, error, None))
        return [b"sorry"]

    assert call(app).whole == (500, [], b"sorry")


def test_and_is_raised_where_it_has() -> None:
    def app(env: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])(b"begun")
        start_response("500 Sorry", [], (LookupError, LookupError("x"), None))
        return []

    with pytest.raises(LookupError):
        call(app)


@pytest.mark.parametrize(
    ("host", "name", "port"),
    [
        ("a.example:81", "a.example", "81"),
        ("a.example", "a.example", "80"),
        ("[::1]:81", "[::1]", "81"),
        ("", "127.0.0.1", "80"),
    ],
)
def test_the_server_is_what_the_client_called_it(host: str, name: str, port: str) -> None:
    scope = Scope(headers=[("host", host)] if host else [])
    made = environ(scope, Context(), b"", None)
    assert (made["SERVER_NAME"], made["SERVER_PORT"]) == (name, port)


def test_the_environment() -> None:
    scope = Scope("POST", "/api/é", "q=1", [("x-a", "1"), ("x-a", "2"), ("content-type", "t")])
    made = environ(scope, Context(), b"abc", None)
    assert made["PATH_INFO"] == "/api/Ã©"
    assert made["SCRIPT_NAME"] == ""
    assert made["HTTP_X_A"] == "1,2"
    assert made["CONTENT_TYPE"] == "t"
    assert made["CONTENT_LENGTH"] == "3"
    assert made["wsgi.input"].read() == b"abc"
    assert made["azure_functions.function_name"] == "f"


def test_the_error_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        errors = ErrorLog()
        print("one", file=errors)
        errors.write("two\n\nthr")
        errors.write("ee")
        errors.flush()
    assert [record.message for record in caplog.records] == ["one", "two", "three"]
