"""HTTP functions: requests, answers, limits, CORS, headers; in process and over `func start`."""

from __future__ import annotations

import asyncio
import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lazulite.testing import AppClient, Response, open_app, open_app_async
from tests.e2e.harness import APPS
from tests.making import V2, make

KINDS = ["answer", "aanswer"]
ECHOES = ["echo", "aecho"]


@pytest.fixture(scope="module", params=[False, True], ids=["in process", "func start"])
def app(request: pytest.FixtureRequest) -> Iterator[AppClient]:
    with open_app(APPS / "http", process=request.param, raise_exceptions=False) as it:
        yield it


def variant(folder: Path, **files: Any) -> Path:
    """The app of the tests with other configuration: file name (without .json) and content."""
    texts = {f"{name.replace('_', '.')}.json": json.dumps(files[name]) for name in files}
    code = (APPS / "http/function_app.py").read_text()
    return make(folder, {"function_app.py": code, **texts})


# requests


@pytest.mark.parametrize("echo", ECHOES)
def test_what_a_function_sees(app: AppClient, echo: str) -> None:
    answer = app.put(
        f"/api/{echo}/a%20b/%C3%A9?x=1&x=2&empty=&y=%26",
        headers=[("X-A", "1"), ("x-a", "2"), ("Accept", "*/*")],
        content=b"\x00\xff\xfe",
    )
    seen = answer.json()
    assert seen["method"] == "PUT"
    assert seen["url"] == f"http://localhost:7071/api/{echo}/a%20b/%C3%A9?x=1&x=2&empty=&y=%26"
    assert seen["params"] == {"x": "1,2", "y": "&"}
    assert seen["route"] == {"rest": "a b/é"}
    assert seen["headers"]["x-a"] == "1,2"
    assert seen["headers"]["host"] == "localhost:7071"
    assert seen["body"] == "00fffe"


@pytest.mark.parametrize("echo", ECHOES)
def test_bodies_of_any_framing(app: AppClient, echo: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        chunked = app.request(method, f"/api/{echo}/x", content=iter([b"ab", b"", b"cd"]))
        assert chunked.json()["body"] == b"abcd".hex()
        sized = app.request(method, f"/api/{echo}/x", content=b"abcd")
        assert sized.json()["body"] == b"abcd".hex()
        assert app.request(method, f"/api/{echo}/x").json()["body"] == ""


@pytest.mark.parametrize("echo", ECHOES)
def test_a_large_body(app: AppClient, echo: str) -> None:
    size = 20_000_000
    assert app.post(f"/api/{echo}/x", content=b"z" * size).json()["body"] == size


def test_forms_and_files(app: AppClient) -> None:
    answer = app.post("/api/form", data={"a": ["1", "2"], "b": "é"})
    assert json.loads(answer.text.removeprefix("form "))["form"] == {"a": ["1", "2"], "b": ["é"]}
    files = {"one": ("ü.bin", b"\x00\xff"), "two": ("2.txt", b""), "three": ('"3".txt', b"3")}
    answer = app.post("/api/form", data={"a": ["1", "2"]}, files=files)
    assert json.loads(answer.text.removeprefix("form ")) == {
        "form": {"a": ["1", "2"]},
        "files": {"one": ["ü.bin", "00ff"], "two": ["2.txt", ""], "three": ['"3".txt', "33"]},
    }


def test_methods(app: AppClient) -> None:
    assert app.get("/api/methods").text == "GET"
    assert app.post("/api/METHODS/").text == "POST"
    for method in ("PUT", "HEAD", "OPTIONS", "DELETE"):
        refused = app.request(method, "/api/methods")
        assert (refused.status_code, refused.content) == (404, b"")
    assert app.options("/api/echo/x").json()["method"] == "OPTIONS"
    assert app.request("BREW", "/api/echo/x").json()["method"] == "BREW"


# answers


@pytest.mark.parametrize("way", KINDS)
@pytest.mark.parametrize(
    ("kind", "status", "content", "body"),
    [
        ("empty", 204, "text/plain; charset=utf-8", b""),
        ("no-body-allowed", 204, "text/plain; charset=utf-8", b""),
        ("binary", 200, "application/x", bytes(range(256))),
        ("latin", 200, "text/plain; charset=latin-1", b"\xe9"),
        ("teapot", 418, "text/plain; charset=utf-8", b"short"),
        ("redirect", 302, "text/plain; charset=utf-8", b""),
        ("text", 200, "text/plain; charset=utf-8", b"plain"),
        ("json-text", 200, "text/plain; charset=utf-8", b'{\n  "b": 1,\n  "a": []\n}'),
        ("object", 201, "text/plain; charset=utf-8", b"made"),
        ("length", 200, "text/plain; charset=utf-8", b"four"),
    ],
)
def test_answers(
    app: AppClient, way: str, kind: str, status: int, content: str, body: bytes
) -> None:
    answer = app.get(f"/api/{way}/{kind}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == content
    assert answer.content == body


@pytest.mark.parametrize("way", KINDS)
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("dict", 'TypeError: unable to encode outgoing TypedData: unsupported type "<class'),
        ("none", 'for Python type "NoneType"'),
        ("bytes", "Return an azure.functions.HttpResponse or a str"),
        ("injection", "Header values must not contain newline characters"),
        ("status", "the status code 1000 is not between 200 and 999"),
        ("exit", "SystemExit: 3"),
        ("stop", "StopIteration"),
        ("unknown", "KeyError: 'unknown'"),
    ],
)
def test_what_cannot_be_answered(app: AppClient, way: str, kind: str, said: str) -> None:
    answer = app.get(f"/api/{way}/{kind}")
    assert answer.status_code == 500
    assert said in answer.text
    assert "lazulite" not in answer.text
    assert "X-Evil" not in answer.headers
    assert app.get(f"/api/{way}/text").text == "plain"


def test_cookies_and_repeated_headers(app: AppClient) -> None:
    answer = app.get("/api/cookies")
    assert answer.headers.get_all("set-cookie") == [
        "a=1; Path=/; HttpOnly",
        "b=2; Max-Age=60; SameSite=Lax",
    ]
    assert answer.headers.get_all("x-twice") == ["one", "two"]


# the host's own


def test_the_home_page(app: AppClient) -> None:
    assert app.get("/").headers["content-type"].startswith("text/html")


def test_no_home_page() -> None:
    with open_app(APPS / "http", settings={"AzureWebJobsDisableHomepage": "true"}) as other:
        assert other.get("/").status_code == 204


def test_unknown_routes(app: AppClient) -> None:
    for path in ("/nowhere", "/api", "/api/", "/api/nowhere", "/api//methods"):
        answer = app.get(path)
        assert (answer.status_code, answer.content) == (404, b""), path


# limits


@pytest.mark.parametrize("echo", ECHOES)
def test_the_body_limit(echo: str) -> None:
    with open_app(APPS / "http", settings={"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "1000"}) as app:
        path = f"/api/{echo}/x"
        assert app.post(path, content=b"x" * 1000).status_code == 200
        assert app.post(path, content=b"x" * 1001).status_code == 413
        assert app.post(path, content=iter([b"x" * 600] * 2)).status_code == 413


GATED = """
import asyncio
gate = asyncio.Event()
@app.route('wait')
async def wait(req: func.HttpRequest) -> str:
    await gate.wait()
    return 'waited'
@app.route('quick')
def quick(req: func.HttpRequest) -> str:
    return 'quick'
"""


def limited(folder: Path, **limits: int) -> Path:
    host = {"version": "2.0", "extensions": {"http": limits}}
    return make(folder, {"function_app.py": V2 + GATED, "host.json": json.dumps(host)})


def open_the_gate() -> None:
    importlib.import_module("function_app").gate.set()


def test_too_many_requests(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with open_app_async(limited(tmp_path, maxOutstandingRequests=1)) as app:
            first = asyncio.ensure_future(app.get("/api/wait"))
            while not app.invocations:
                await asyncio.sleep(0)
            refused = await app.get("/api/quick")
            assert refused.status_code == 429
            assert refused.headers["x-function-scaleout"] == "1"
            open_the_gate()
            assert (await first).text == "waited"
            assert (await app.get("/api/quick")).text == "quick"

    asyncio.run(scenario())


def test_requests_one_after_the_other(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with open_app_async(limited(tmp_path, maxConcurrentRequests=1)) as app:
            first = asyncio.ensure_future(app.get("/api/wait"))
            while not app.invocations:
                await asyncio.sleep(0)
            others = [asyncio.ensure_future(app.get("/api/quick")) for _ in range(3)]
            for _ in range(100):
                await asyncio.sleep(0)
            assert [record.function for record in app.invocations] == ["wait"]
            open_the_gate()
            assert [(await request).text for request in others] == ["quick"] * 3
            assert (await first).text == "waited"
            assert [record.function for record in app.invocations] == ["wait", *["quick"] * 3]

    asyncio.run(scenario())


# CORS and headers


def preflight(app: AppClient, path: str, origin: str) -> Response:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "x-a, x-b",
    }
    return app.options(path, headers=headers)


def test_cors_of_the_settings_file(tmp_path: Path) -> None:
    host = {"CORS": "https://a.example,http://localhost:3000", "CORSCredentials": True}
    with open_app(variant(tmp_path, local_settings={"Host": host})) as app:
        for path in ("/api/echo/x", "/api/nowhere", "/admin/host/status", "/"):
            allowed = preflight(app, path, "https://a.example")
            assert allowed.status_code == 204
            assert allowed.headers["access-control-allow-origin"] == "https://a.example"
            assert allowed.headers["access-control-allow-methods"] == "PUT"
            assert allowed.headers["access-control-allow-headers"] == "x-a, x-b"
            assert allowed.headers["access-control-allow-credentials"] == "true"
            refused = preflight(app, path, "https://b.example")
            assert refused.status_code == 204
            assert "access-control-allow-origin" not in refused.headers
        for path in ("/api/answer/text", "/api/aanswer/none", "/api/nowhere", "/"):
            origin = {"Origin": "http://localhost:3000"}
            answer = app.get(path, headers=origin, raise_exceptions=False)
            assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
            assert "Origin" in answer.headers["vary"]
        plain = app.get("/api/answer/text")
        assert "access-control-allow-origin" not in plain.headers


def test_any_origin(tmp_path: Path) -> None:
    with open_app(variant(tmp_path, local_settings={"Host": {"CORS": "*"}})) as app:
        answer = app.get("/api/answer/text", headers={"Origin": "https://any.example"})
        assert answer.headers["access-control-allow-origin"] == "*"


def test_without_cors_options_is_an_ordinary_request(app: AppClient) -> None:
    assert preflight(app, "/api/echo/x", "https://a.example").json()["method"] == "OPTIONS"
    assert preflight(app, "/api/methods", "https://a.example").status_code == 404


def test_custom_headers_and_hsts(tmp_path: Path) -> None:
    http = {
        "customHeaders": {"X-Frame-Options": "DENY", "X-Tea": "black"},
        "hsts": {"isEnabled": True, "maxAge": "10", "includeSubDomains": True},
    }
    root = variant(tmp_path, host={"version": "2.0", "extensions": {"http": http}})
    with open_app(root) as app:
        answer = app.get("https://site.example/api/answer/teapot")
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["x-tea"] == "green"
        expected = "max-age=864000; includeSubDomains"
        assert answer.headers["strict-transport-security"] == expected
        for url in ("https://localhost/api/answer/text", "http://site.example/api/answer/text"):
            assert "strict-transport-security" not in app.get(url).headers
        seen = app.get("https://site.example/api/echo/x").json()
        assert seen["url"] == "https://site.example/api/echo/x"
        shown = app.get("https://site.example/admin/functions/echo").json()
        assert shown["href"] == "https://site.example/admin/functions/echo"
