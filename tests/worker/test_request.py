from __future__ import annotations

import azure.functions as func
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.worker.request import HttpRequest, joined
from tests.worker.rsgi import Scope

URLENCODED = ("content-type", "application/x-www-form-urlencoded")


def made(body: bytes = b"", **head: object) -> HttpRequest:
    return HttpRequest(Scope(**head), {"id": "1"}, body)  # type: ignore[arg-type]


def test_it_is_the_librarys_own_type() -> None:
    assert isinstance(made(), func.HttpRequest)


def test_members() -> None:
    request = made(
        method="POST",
        path="/api/é x",
        query="a=1&a=2&b=&c=%20",
        headers=[("Host", "h:1"), ("X-A", "1"), ("x-a", "2")],
    )
    assert request.method == "POST"
    assert request.url == "http://h:1/api/%C3%A9%20x?a=1&a=2&b=&c=%20"
    assert dict(request.params) == {"a": "1,2", "c": " "}
    assert request.headers["X-A"] == request.headers.get("x-a") == "1,2"
    assert dict(request.route_params) == {"id": "1"}


def test_a_url_without_a_host_header() -> None:
    assert made(path="/x").url == "http://127.0.0.1:7071/x"


def test_the_host_of_http_2() -> None:
    scope = Scope(http_version="2", headers=[("a", "b")])
    scope.authority = "site.example"
    request = HttpRequest(scope, {}, b"")
    assert request.url == "http://site.example/"
    assert dict(request.headers) == {"a": "b", "host": "site.example"}


def test_what_is_read_only() -> None:
    request = made(query="a=1")
    with pytest.raises(TypeError):
        request.params["a"] = "2"  # type: ignore[index]
    with pytest.raises(TypeError):
        request.route_params["id"] = "2"  # type: ignore[index]


def test_json() -> None:
    assert made('{"é": [1]}'.encode()).get_json() == {"é": [1]}
    for body in (b"", b"{", b"\xff"):
        with pytest.raises(ValueError, match="HTTP request does not contain valid JSON data"):
            made(body).get_json()


def test_forms() -> None:
    request = made(b"a=1&a=2&b=%C3%A9", method="POST", headers=[URLENCODED])
    assert request.form.to_dict(flat=False) == {"a": ["1", "2"], "b": ["é"]}
    assert request.form is request.form
    assert made(b"a=1").form.to_dict() == {}


def test_files() -> None:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="f"; filename="x.bin"\r\n\r\n\x00\xff\r\n'
        b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n'
    )
    kind = ("content-type", "multipart/form-data; boundary=b")
    request = made(body, method="POST", headers=[kind])
    assert request.files["f"].filename == "x.bin"
    assert request.files["f"].read() == b"\x00\xff"
    assert request.form["a"] == "1"


@given(st.lists(st.tuples(st.sampled_from("abc"), st.text(max_size=3))))
def test_joined_keeps_every_value_in_order(pairs: list[tuple[str, str]]) -> None:
    values = joined(pairs)
    assert set(values) == {name for name, _ in pairs}
    for name in values:
        assert values[name] == ",".join(value for known, value in pairs if known == name)
