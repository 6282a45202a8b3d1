from __future__ import annotations

import pytest

from lazulite.testing.response import Response


def test_headers_are_found_whatever_their_case() -> None:
    headers = Response(200, [("X-A", "1"), ("x-a", "2"), ("B", "3")]).headers

    assert headers["x-A"] == "1, 2"
    assert headers.get_all("X-a") == ["1", "2"]
    assert "b" in headers
    assert dict(headers) == {"x-a": "1, 2", "b": "3"}
    assert len(headers) == 2
    with pytest.raises(KeyError):
        headers["c"]


def test_text_by_its_charset() -> None:
    assert Response(200, [("content-type", "text/plain; charset=latin-1")], b"\xe9").text == "é"
    assert (
        Response(200, [("content-type", "text/plain; charset=nonsense")], b"\xc3\xa9").text == "é"
    )
    assert Response(200, [], b"\xc3\xa9").text == "é"


def test_cookies() -> None:
    headers = [("set-cookie", "a=1; Path=/"), ("set-cookie", 'b="2 3"')]

    assert Response(200, headers).cookies == {"a": "1", "b": "2 3"}


def test_json_that_is_none() -> None:
    with pytest.raises(ValueError, match="'oops'"):
        Response(200, [], b"oops", url="/x").json()


@pytest.mark.parametrize(("status", "ok"), [(200, True), (399, True), (400, False), (599, False)])
def test_statuses(status: int, ok: bool) -> None:
    response = Response(status)

    assert response.ok is response.is_success is ok
    assert str(status) in repr(response)
