from __future__ import annotations

import pytest

from lazulite.testing import AppClient, open_app
from lazulite.testing.records import Failure
from lazulite.testing.response import StatusError
from tests.testing.conftest import KIT


def test_a_function_answers(either_http: AppClient) -> None:
    response = either_http.get("/api/items/7?a=1", params={"b": [2, 3], "c": True})

    assert response.status_code == 200
    assert response.json() == {"id": 7, "params": {"a": "1", "b": "2,3", "c": "true"}}
    assert response.headers["X-Kit"] == "yes"
    assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("given", "body", "kind"),
    [
        ({"json": {"a": [1]}}, b'{"a": [1]}', "application/json"),
        ({"data": {"a": "1 2"}}, b"a=1+2", "application/x-www-form-urlencoded"),
        ({"data": b"\x00\xff", "headers": {"content-type": "image/x"}}, b"\x00\xff", "image/x"),
        ({"content": "text"}, b"text", "text/plain; charset=utf-8"),
        ({"content": [b"in ", b"pieces"], "headers": {"content-type": "a/b"}}, b"in pieces", "a/b"),
    ],
)
def test_bodies(either_http: AppClient, given: dict[str, object], body: bytes, kind: str) -> None:
    response = either_http.post("/api/echo", **given)  # type: ignore[arg-type]

    assert response.content == body
    assert response.headers["content-type"] == kind


def test_forms_with_files(either_http: AppClient) -> None:
    response = either_http.post("/api/form", data={"a": "1"}, files={"f": ("n.txt", b"content")})

    assert response.json() == {"form": {"a": "1"}, "files": {"f": "content"}}


@pytest.mark.parametrize(
    ("method", "url", "status"),
    [
        ("GET", "/api/nothing", 404),
        ("GET", "/api/items/text", 404),
        ("DELETE", "/api/echo", 404),
        ("GET", "/", 200),
        ("GET", "/admin/host/status", 200),
    ],
)
def test_what_is_no_function(either_http: AppClient, method: str, url: str, status: int) -> None:
    assert either_http.request(method, url).status_code == status


def test_paths_are_decoded_as_by_the_server(either_http: AppClient) -> None:
    assert either_http.get("/api/shout/a%20b%C3%A9").text == "A BÉ"


def test_an_error_is_a_500(either_http: AppClient) -> None:
    response = either_http.get("/api/broken", raise_exceptions=False)

    assert response.status_code == 500
    assert "LookupError: nothing there" in response.text
    with pytest.raises(StatusError, match="500"):
        response.raise_for_status()


@pytest.mark.parametrize("url", ["/api/broken", "/api/broken-too"])
def test_the_exception_reaches_the_test(client: AppClient, url: str) -> None:
    with pytest.raises(LookupError, match="nothing there") as caught:
        client.get(url)

    assert caught.traceback[-1].path == KIT / "function_app.py"
    assert client.failures[-1].error is caught.value


def test_a_process_tells_of_the_exception(http_process: AppClient) -> None:
    with pytest.raises(Failure, match="LookupError: nothing there"):
        http_process.get("/api/broken")


def test_headers_of_the_client_go_with_each_request(client: AppClient) -> None:
    client.headers["content-type"] = "a/b"

    assert client.post("/api/echo", content="x").headers["content-type"] == "a/b"
    own = client.post("/api/echo", content="x", headers={"Content-Type": "c/d"})
    assert own.headers["content-type"] == "c/d"


@pytest.mark.parametrize("process", [False, True])
def test_keys(process: bool) -> None:
    with open_app(KIT, auth=True, process=process) as client:
        assert client.get("/api/guarded").status_code == 401
        assert client.get("/api/guarded", params={"code": "wrong"}).status_code == 401
        key = client.key("guarded")
        assert client.get("/api/guarded", headers={"x-functions-key": key}).text == "come in"
        assert client.get("/api/guarded", params={"code": client.key()}).status_code == 200
        assert client.get("/api/items/1").status_code == 200
        assert client.get("/admin/functions").status_code == 401
        assert client.run("work", "x").ok


def test_a_key_that_is_changed_is_the_key_at_once() -> None:
    with open_app(KIT, auth=True) as client:
        old, admin = client.key("guarded"), {"x-functions-key": client.key()}
        changed = client.post("/admin/functions/guarded/keys/default", headers=admin)

        assert changed.ok
        assert client.key("guarded") == changed.json()["value"] != old
        assert client.get("/api/guarded", params={"code": old}).status_code == 401
        assert client.get("/api/guarded", params={"code": client.key("guarded")}).ok


def test_an_app_as_it_is_deployed() -> None:
    with open_app(KIT, settings={"AZURE_FUNCTIONS_ENVIRONMENT": "Production"}) as client:
        client.headers["x-functions-key"] = client.key()
        assert client.get("/api/guarded").text == "come in"
        assert client.get("/api/broken", raise_exceptions=False).content == b""


SEEN = [
    ("GET", "/api/seen/a%2Fb/c?x=1&x=2&y=&z", {"headers": {"X-A": "1"}}),
    ("GET", "/api/seen/%C3%BC%20%25?q=%C3%BC+%20", {"headers": [("x-b", "1"), ("X-B", "2")]}),
    ("POST", "/api/seen/x//y", {"content": b"", "cookies": {"c": "1"}}),
    ("PUT", "/API/Seen/UP", {"json": [None]}),
    ("HEAD", "/api/seen/x", {}),
    ("GET", "/api/seen/bad%zz%", {}),
]


@pytest.mark.parametrize(("method", "url", "given"), SEEN)
def test_a_function_sees_the_same(
    client: AppClient, http_process: AppClient, method: str, url: str, given: dict[str, object]
) -> None:
    answers = [c.request(method, url, **given) for c in (client, http_process)]  # type: ignore[arg-type]

    one, other = ((a.status_code, a.text, dict(a.headers)) for a in answers)
    for name in ("date", "server"):
        other[2].pop(name, None)
    assert one == other


def test_settings_are_the_apps_environment(client: AppClient) -> None:
    assert client.get("/api/setting").text == "none"
    with open_app(KIT, settings={"KIT_SETTING": "given"}) as other:
        assert other.get("/api/setting").text == "given"
