"""The request that calls a function, from the command line's words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.cli.invoke.request import Pairs, Request, headers_of, method_of, url_of
from lazulite.errors import UsageError
from lazulite.web.routes import RouteTable

BASE = "http://localhost:7071"


def request(
    method: str | None = None,
    params: Pairs = (),
    query: Pairs = (),
    headers: Pairs = (),
    body: bytes | None = None,
) -> Request:
    return Request(method, params, query, headers, body)


@pytest.mark.parametrize(
    ("given_method", "body", "methods", "expected"),
    [
        (None, None, None, "GET"),
        (None, b"", None, "POST"),
        (None, None, ["post"], "POST"),
        (None, b"x", ["get", "put"], "PUT"),
        (None, b"x", ["get"], "GET"),
        (None, b"x", "put", "PUT"),
        ("patch", None, ["get"], "PATCH"),
    ],
)
def test_method(given_method: str | None, body: bytes | None, methods: Any, expected: str) -> None:
    assert method_of(request(given_method, body=body), {"methods": methods}) == expected


@pytest.mark.parametrize(
    ("path", "params", "query", "expected"),
    [
        ("/api/hello", [], [], "/api/hello"),
        ("/api/hello", [], [("name", "a b&c")], "/api/hello?name=a+b%26c"),
        ("/api/items/{id:int}/{part?}", [("ID", "7")], [], "/api/items/7"),
        ("/api/items/{id:int}/{part?}", [("id", "7"), ("part", "a/b")], [], "/api/items/7/a%2Fb"),
        ("/files/{*path}", [("path", "a b/c")], [], "/files/a%20b/c"),
        ("/files/{*path}", [], [], "/files"),
        ("/r-{year}.{kind}", [("year", "2026"), ("kind", "csv")], [], "/r-2026.csv"),
        ("/pages/{n=1}", [], [], "/pages"),
        ("", [], [], "/"),
    ],
)
def test_url(path: str, params: Pairs, query: Pairs, expected: str) -> None:
    template = f"http://elsewhere{path}"
    assert url_of(BASE + "/", template, request(params=params, query=query)) == BASE + expected


@pytest.mark.parametrize(
    ("params", "said"),
    [([], r"needs a value for \{id\}"), ([("id", "1"), ("x", "2")], "no such part")],
)
def test_what_does_not_fit_the_route(params: Pairs, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        url_of(BASE, "http://localhost/api/items/{id}", request(params=params))


@given(st.text(min_size=1))
def test_a_value_arrives_as_it_was_given(value: str) -> None:
    from urllib.parse import unquote, urlsplit

    url = url_of(BASE, "http://localhost/api/{name}", request(params=[("name", value)]))
    path = unquote(urlsplit(url).path)
    if "/" not in value:
        found = RouteTable([("f", "api/{name}", None)]).match("GET", path)
        assert found is not None
        assert found.params == {"name": value}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a": 1}', "application/json"),
        (b"[]", "application/json"),
        (b"12", "text/plain; charset=utf-8"),
        ("tee ü".encode(), "text/plain; charset=utf-8"),
        (b"\xff\xfe", "application/octet-stream"),
    ],
)
def test_content_type(body: bytes, expected: str) -> None:
    assert headers_of(request(body=body), None) == [("Content-Type", expected)]


def test_what_is_given_wins() -> None:
    given_headers = [("content-type", "text/csv"), ("X-Functions-Key", "mine")]
    assert headers_of(request(headers=given_headers, body=b"{}"), "master") == given_headers
    assert headers_of(request(), "master") == [("x-functions-key", "master")]
