from __future__ import annotations

from typing import Any

import azure.functions as func
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.worker.answer import AnswerError, answer_of, checked, described


def headers_of(response: func.HttpResponse) -> list[tuple[str, str]]:
    return answer_of(response)[1]


def test_a_response_says_it_all() -> None:
    response = func.HttpResponse(b"\x00", status_code=201, mimetype="image/x", headers={"A": "b"})
    assert answer_of(response) == (201, [("A", "b"), ("content-type", "image/x")], b"\x00")


def test_text_has_its_charset() -> None:
    assert headers_of(func.HttpResponse("é", charset="latin-1")) == [
        ("content-type", "text/plain; charset=latin-1")
    ]
    assert answer_of(func.HttpResponse("é", charset="latin-1"))[2] == b"\xe9"


def test_a_content_type_of_ones_own_wins() -> None:
    response = func.HttpResponse("x", headers={"Content-Type": "a/b"}, mimetype="c/d")
    assert headers_of(response) == [("Content-Type", "a/b")]


def test_framing_is_the_servers() -> None:
    response = func.HttpResponse(
        "x",
        headers={"Content-Length": "9", "Transfer-Encoding": "chunked", "Connection": "close"},
    )
    assert [name for name, _ in headers_of(response)] == ["content-type"]


def test_repeated_headers_and_cookies() -> None:
    response = func.HttpResponse("x")
    for value in ("1", "2"):
        response.headers.add("X-A", value)
    response.headers.add("Set-Cookie", "a=b; HttpOnly")
    response.headers.add("Set-Cookie", "d=e; Path=/x; Secure")
    assert headers_of(response) == [
        ("X-A", "1"),
        ("X-A", "2"),
        ("content-type", "text/plain; charset=utf-8"),
        ("set-cookie", "a=b; HttpOnly"),
        ("set-cookie", "d=e; Path=/x; Secure"),
    ]


@pytest.mark.parametrize("status", [204, 205, 304])
def test_answers_without_a_body(status: int) -> None:
    assert answer_of(func.HttpResponse("x", status_code=status))[2] == b""


def test_a_text() -> None:
    plain = [("content-type", "text/plain; charset=utf-8")]
    assert answer_of("hi") == (200, plain, b"hi")
    status, headers, body = answer_of('{"body": "x", "status": 404, "cookies": [{"name": "a"}]}')
    assert (status, body) == (404, b"x")
    assert ("set-cookie", "a=") in headers


@pytest.mark.parametrize("value", [None, {}, [], 1, b"x", object()])
def test_what_is_no_answer(value: Any) -> None:
    with pytest.raises(AnswerError, match=f'for Python type "{type(value).__name__}"') as caught:
        answer_of(value)
    message, stack = described(caught.value)
    assert message.startswith("TypeError: unable to encode outgoing TypedData")
    assert "Return an azure.functions.HttpResponse or a str" in message
    assert stack == ""


@pytest.mark.parametrize("status", [0, 100, 199, 1000, "x", None])
def test_a_status_that_http_does_not_have(status: Any) -> None:
    with pytest.raises(AnswerError):
        checked(status, [], b"")


def test_a_status_as_text() -> None:
    assert checked("404", [], b"")[0] == 404


@given(st.text(max_size=20), st.text(max_size=20))
def test_no_header_can_carry_another(name: str, value: str) -> None:
    try:
        _, headers, _ = checked(200, [(name, value)], b"")
    except AnswerError:
        return
    assert headers == [(name, value)]
    assert name.isascii()
    assert not set(name) & set("\r\n\0: ")
    assert not set(value) & set("\r\n\0")


@pytest.mark.parametrize(
    ("name", "value"), [("x-a", "b\r\nx: y"), ("x-a", "\0"), ("x a", "b"), ("", "b"), ("é", "b")]
)
def test_headers_that_cannot_be_sent(name: str, value: str) -> None:
    with pytest.raises(AnswerError):
        checked(200, [(name, value)], b"")


@pytest.mark.parametrize("value", ["", "a\tb", "é", "日本", " x "])
def test_headers_that_can(value: str) -> None:
    assert checked(200, [("x-a_b", value)], b"")[1] == [("x-a_b", value)]


def test_what_failed_in_user_code_has_its_stack() -> None:
    try:
        raise LookupError("here")
    except LookupError as error:
        message, stack = described(error)
    assert message == "LookupError: here"
    assert "test_answer.py" in stack
