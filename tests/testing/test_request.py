from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.testing.request import build_request

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)


@given(st.lists(st.tuples(TEXT.filter(bool), TEXT), max_size=5))
def test_parameters_arrive_as_given(params: list[tuple[str, str]]) -> None:
    request = build_request("get", "/x", params=params)

    query = urlsplit(request.target).query
    assert parse_qsl(query, keep_blank_values=True) == params


def test_a_request_without_a_body() -> None:
    request = build_request("get", "x?a=1", headers={"X-A": "1"}, cookies={"c": "d", "e": "f"})

    assert (request.method, request.target, request.body) == ("GET", "/x?a=1", b"")
    assert request.headers == [
        ("host", "localhost:7071"),
        ("x-a", "1"),
        ("cookie", "c=d; e=f"),
    ]
    assert request.url == "http://localhost:7071/x?a=1"


def test_a_whole_url_names_its_host() -> None:
    request = build_request("get", "https://example.org/x")

    assert (request.scheme, request.headers) == ("https", [("host", "example.org")])


def test_given_headers_win() -> None:
    request = build_request(
        "post", "/", json_body={}, headers=[("Content-Type", "a/b"), ("Content-Length", "2")]
    )

    assert dict(request.headers)["content-type"] == "a/b"
    assert [name for name, _ in request.headers].count("content-length") == 1


@pytest.mark.parametrize(
    "bodies",
    [
        {"json_body": 1, "data": "x"},
        {"json_body": 1, "content": "x"},
        {"data": "x", "content": "x"},
        {"files": {"f": b""}, "json_body": 1},
    ],
)
def test_two_bodies_are_one_too_many(bodies: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="one body"):
        build_request("post", "/", **bodies)  # type: ignore[arg-type]


def test_multipart_as_browsers_write_it() -> None:
    request = build_request(
        "post", "/", data={"a": ["1", "2"]}, files={'f"': ("x\r\n.txt", b"3", "a/b")}
    )

    assert isinstance(request.body, bytes)
    assert request.body.count(b'form-data; name="a"\r\n\r\n') == 2
    assert b'name="f%22"; filename="x%0D%0A.txt"\r\nContent-Type: a/b\r\n\r\n3' in request.body
