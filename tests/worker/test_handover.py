"""Requests that an old worker passes on."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from lazulite.worker.handover import parse_answer, request_head


def scope(**changes: object) -> SimpleNamespace:
    values = {
        "method": "GET",
        "path": "/api/käse/a b",
        "query_string": "x=1&y=%20",
        "headers": {"host": "example.com", "connection": "keep-alive", "x-a": "b"},
        **changes,
    }
    return SimpleNamespace(**values)


def test_a_request_keeps_its_target_and_headers() -> None:
    assert request_head(scope(), 0).decode().split("\r\n") == [
        "GET /api/k%C3%A4se/a%20b?x=1&y=%20 HTTP/1.0",
        "host: example.com",
        "x-a: b",
        "",
        "",
    ]


def test_a_body_has_a_length_and_no_other_framing() -> None:
    headers = {"host": "h", "transfer-encoding": "chunked"}
    head = request_head(scope(method="POST", headers=headers, query_string=""), 7).decode()
    assert "content-length: 7" in head
    assert "chunked" not in head
    assert "content-length: 0" in request_head(scope(method="PUT"), 0).decode()


def test_http2_requests_have_their_host() -> None:
    assert b"\r\nhost: example.org\r\n" in request_head(
        scope(headers={}, authority="example.org"), 0
    )


def test_an_answer_closes_its_connection() -> None:
    raw = (
        b"HTTP/1.1 201 Created\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\ncontent-length: 2\r\n\r\nok"
    )
    assert parse_answer(raw) == (
        201,
        [("set-cookie", "a=1"), ("set-cookie", "b=2"), ("connection", "close")],
        b"ok",
    )


@pytest.mark.parametrize(
    "raw", [b"", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nno"]
)
def test_a_partial_answer_is_none(raw: bytes) -> None:
    with pytest.raises(ValueError):
        parse_answer(raw)
