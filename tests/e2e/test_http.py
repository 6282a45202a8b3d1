"""HTTP functions from outside: requests, answers, limits, CORS, HTTPS."""

from __future__ import annotations

import json
import os
import re
import socket
import ssl
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.harness import APPS, FuncApp, free_port

KINDS = ["answer", "aanswer"]
ECHOES = ["echo", "aecho"]


@pytest.fixture(scope="module")
def app() -> Iterator[FuncApp]:
    with FuncApp(APPS / "http") as it:
        yield it


def raw(app: FuncApp, request: bytes) -> bytes:
    """What the server says to these bytes, until it closes the connection."""
    with socket.create_connection(("127.0.0.1", app.port), timeout=10) as client:
        client.sendall(request)
        said = b""
        while more := client.recv(65536):
            said += more
        return said


# requests


@pytest.mark.parametrize("echo", ECHOES)
def test_what_a_function_sees(app: FuncApp, echo: str) -> None:
    answer = app.client.put(
        f"/api/{echo}/a%20b/%C3%A9?x=1&x=2&empty=&y=%26",
        headers=[("X-A", "1"), ("x-a", "2"), ("Accept", "*/*")],
        content=b"\x00\xff\xfe",
    )
    seen = answer.json()
    assert seen["method"] == "PUT"
    assert seen["url"] == f"{app.url}/api/{echo}/a%20b/%C3%A9?x=1&x=2&empty=&y=%26"
    assert seen["params"] == {"x": "1,2", "y": "&"}
    assert seen["route"] == {"rest": "a b/é"}
    assert seen["headers"]["x-a"] == "1,2"
    assert seen["headers"]["host"] == f"127.0.0.1:{app.port}"
    assert seen["body"] == "00fffe"


@pytest.mark.parametrize("echo", ECHOES)
def test_bodies_of_any_framing(app: FuncApp, echo: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        chunked = app.client.request(method, f"/api/{echo}/x", content=iter([b"ab", b"", b"cd"]))
        assert chunked.json()["body"] == b"abcd".hex()
        sized = app.client.request(method, f"/api/{echo}/x", content=b"abcd")
        assert sized.json()["body"] == b"abcd".hex()
        assert app.client.request(method, f"/api/{echo}/x").json()["body"] == ""


@pytest.mark.parametrize("echo", ECHOES)
def test_a_large_body(app: FuncApp, echo: str) -> None:
    size = 20_000_000
    assert app.client.post(f"/api/{echo}/x", content=b"z" * size).json()["body"] == size


def test_forms_and_files(app: FuncApp) -> None:
    answer = app.client.post("/api/form", data={"a": ["1", "2"], "b": "é"})
    assert json.loads(answer.text.removeprefix("form "))["form"] == {"a": ["1", "2"], "b": ["é"]}
    files = {"one": ("ü.bin", b"\x00\xff"), "two": ("2.txt", b"")}
    answer = app.client.post("/api/form", data={"a": "1"}, files=files)
    seen = json.loads(answer.text.removeprefix("form "))
    assert seen == {"form": {"a": ["1"]}, "files": {"one": ["ü.bin", "00ff"], "two": ["2.txt", ""]}}


def test_methods(app: FuncApp) -> None:
    assert app.client.get("/api/methods").text == "GET"
    assert app.client.post("/api/METHODS/").text == "POST"
    for method in ("PUT", "HEAD", "OPTIONS", "DELETE"):
        refused = app.client.request(method, "/api/methods")
        assert (refused.status_code, refused.content) == (404, b"")
    assert app.client.options("/api/echo/x").json()["method"] == "OPTIONS"
    assert app.client.request("BREW", "/api/echo/x").json()["method"] == "BREW"


def test_http_1_0_and_many_requests_on_one_connection(app: FuncApp) -> None:
    said = raw(app, b"GET /api/methods HTTP/1.0\r\n\r\n")
    assert said.startswith(b"HTTP/1.0 200")
    one = b"GET /api/methods HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /api/answer/text HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    said = raw(app, one * 5 + last)
    assert said.count(b"HTTP/1.1 200") == 6
    assert said.endswith(b"plain")


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
def test_answers(app: FuncApp, way: str, kind: str, status: int, content: str, body: bytes) -> None:
    answer = app.client.get(f"/api/{way}/{kind}")
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
def test_what_cannot_be_answered(app: FuncApp, way: str, kind: str, said: str) -> None:
    answer = app.client.get(f"/api/{way}/{kind}")
    assert answer.status_code == 500
    assert said in answer.text
    assert "lazulite" not in answer.text
    assert "X-Evil" not in answer.headers
    assert app.client.get(f"/api/{way}/text").text == "plain"


def test_cookies_and_repeated_headers(app: FuncApp) -> None:
    answer = app.client.get("/api/cookies")
    assert answer.headers.get_list("set-cookie") == [
        "a=1; Path=/; HttpOnly",
        "b=2; Max-Age=60; SameSite=Lax",
    ]
    assert answer.headers.get_list("x-twice") == ["one", "two"]


def test_head_has_no_body(app: FuncApp) -> None:
    said = raw(app, b"HEAD /api/answer/text HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 200")
    assert said.endswith(b"\r\n\r\n")


def test_slow_requests_hold_nobody_up(app: FuncApp) -> None:
    threads = [
        threading.Thread(target=lambda p=path: httpx.get(f"{app.url}/api/{p}?s=2"), daemon=True)
        for path in ("slow", "slow", "aslow", "aslow")
    ]
    for thread in threads:
        thread.start()
    for _ in range(20):
        assert app.client.get("/api/answer/text").text == "plain"
        assert app.client.get("/api/aanswer/text").text == "plain"
    assert all(thread.is_alive() for thread in threads)


# the host's own


def test_the_home_page(app: FuncApp) -> None:
    page = app.client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    with FuncApp(APPS / "http", env={"AzureWebJobsDisableHomepage": "true"}) as other:
        assert other.client.get("/").status_code == 204


def test_unknown_routes(app: FuncApp) -> None:
    for path in ("/nowhere", "/api", "/api/", "/api/nowhere", "/api//methods"):
        answer = app.client.get(path)
        assert (answer.status_code, answer.content) == (404, b""), path


# limits


def test_the_body_limit() -> None:
    env = {"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "1000"}
    with FuncApp(APPS / "http", env=env) as app:
        for echo in ECHOES:
            path = f"/api/{echo}/x"
            assert app.client.post(path, content=b"x" * 1000).status_code == 200
            assert app.client.post(path, content=b"x" * 1001).status_code == 413
            assert app.client.post(path, content=iter([b"x" * 600] * 2)).status_code == 413
        huge = b"POST /api/echo/x HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"
        with socket.create_connection(("127.0.0.1", app.port), timeout=10) as client:
            client.sendall(huge)
            assert client.recv(65536).startswith(b"HTTP/1.1 413")


def test_the_body_limit_is_100_mebibytes(app: FuncApp) -> None:
    head = b"POST /api/echo/x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
    with socket.create_connection(("127.0.0.1", app.port), timeout=10) as client:
        client.sendall(head % (104_857_600 + 1))
        assert client.recv(65536).startswith(b"HTTP/1.1 413")


def throttled(tmp_path: Path, **limits: int) -> FuncApp:
    root = tmp_path / "limited"
    root.mkdir()
    (root / "function_app.py").write_text((APPS / "http/function_app.py").read_text())
    host = {"version": "2.0", "extensions": {"http": limits}}
    (root / "host.json").write_text(json.dumps(host))
    return FuncApp(root)


def test_too_many_requests(tmp_path: Path) -> None:
    with throttled(tmp_path, maxOutstandingRequests=1) as app:
        with httpx.Client(base_url=app.url) as other:
            first = threading.Thread(target=other.get, args=("/api/aslow?s=3",))
            first.start()
            app.wait_for("Executing 'Functions.aslow'")
            refused = app.client.get("/api/answer/text")
            assert refused.status_code == 429
            assert refused.headers["x-function-scaleout"] == "1"
            first.join()
        assert app.client.get("/api/answer/text").text == "plain"


def test_requests_one_after_the_other(tmp_path: Path) -> None:
    with throttled(tmp_path, maxConcurrentRequests=1) as app:
        threads = [
            threading.Thread(target=lambda: httpx.get(f"{app.url}/api/aslow?s=0.2"))
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        said = app.wait_for("Executed 'Functions.aslow'", count=3)
        order = re.findall(r"(Executing|Executed) 'Functions.aslow'", said)
        assert order == ["Executing", "Executed"] * 3


# CORS and headers


def preflight(app: FuncApp, path: str, origin: str) -> httpx.Response:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "x-a, x-b",
    }
    return app.client.options(path, headers=headers)


def test_cors() -> None:
    args = ["--cors", "https://a.example,http://localhost:3000", "--cors-credentials"]
    with FuncApp(APPS / "http", args=args) as app:
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
            answer = app.client.get(path, headers={"Origin": "http://localhost:3000"})
            assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
            assert "Origin" in answer.headers["vary"]
        plain = app.client.get("/api/answer/text")
        assert "access-control-allow-origin" not in plain.headers


def test_without_cors_options_is_an_ordinary_request(app: FuncApp) -> None:
    assert preflight(app, "/api/echo/x", "https://a.example").json()["method"] == "OPTIONS"
    assert preflight(app, "/api/methods", "https://a.example").status_code == 404


def test_cors_of_the_settings_file(tmp_path: Path) -> None:
    root = tmp_path / "app"
    root.mkdir()
    (root / "function_app.py").write_text((APPS / "http/function_app.py").read_text())
    (root / "host.json").write_text('{"version": "2.0"}')
    (root / "local.settings.json").write_text(
        '{"IsEncrypted": false, "Values": {"FUNCTIONS_WORKER_RUNTIME": "python"},'
        ' "Host": {"CORS": "*"}}'
    )
    with FuncApp(root) as app:
        answer = app.client.get("/api/answer/text", headers={"Origin": "https://any.example"})
        assert answer.headers["access-control-allow-origin"] == "*"


def test_any_origin_with_credentials_is_refused() -> None:
    args = ["--cors", "*", "--cors-credentials"]
    with FuncApp(APPS / "http", args=args, ready=None) as app:
        assert app.wait() == 1
    assert "CORS" in app.output()
    assert "Traceback" not in app.output()


def test_custom_headers_and_hsts(tmp_path: Path) -> None:
    root = tmp_path / "app"
    root.mkdir()
    (root / "function_app.py").write_text((APPS / "http/function_app.py").read_text())
    http = {
        "customHeaders": {"X-Frame-Options": "DENY", "X-Tea": "black"},
        "hsts": {"isEnabled": True, "maxAge": "10", "includeSubDomains": True},
    }
    (root / "host.json").write_text(json.dumps({"version": "2.0", "extensions": {"http": http}}))
    with FuncApp(root, args=["--useHttps"]) as app:
        context = ssl.create_default_context(cafile=str(root / ".lazulite/https/localhost.pem"))
        base = f"https://127.0.0.1:{app.port}"
        with httpx.Client(base_url=base, verify=context) as client:
            answer = client.get("/api/answer/teapot", headers={"Host": "site.example"})
            assert answer.headers["x-frame-options"] == "DENY"
            assert answer.headers["x-tea"] == "green"
            expected = "max-age=864000; includeSubDomains"
            assert answer.headers["strict-transport-security"] == expected
            local = client.get("/api/answer/text", headers={"Host": "localhost"})
            assert "strict-transport-security" not in local.headers
            assert client.get("/api/echo/x").json()["url"].startswith("https://")
            href = client.get("/admin/functions/echo").json()["href"]
            assert href == f"{base}/admin/functions/echo"


# HTTPS with certificates of all sorts


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        NoEncryption,
        PrivateFormat,
        load_pem_private_key,
        pkcs12,
    )

    from lazulite.host.tls import certificate

    folder = tmp_path_factory.mktemp("certificates")
    made = certificate(None, None, str(folder), str(folder))
    cert, key = Path(made.cert).read_bytes(), Path(made.key).read_bytes()
    loaded = load_pem_private_key(key, None)
    locked = BestAvailableEncryption(b"secret")
    sec1 = loaded.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    closed = loaded.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked)
    (folder / "both.pem").write_bytes(cert + key)
    (folder / "sec1.pem").write_bytes(sec1 + cert)
    (folder / "locked.pem").write_bytes(cert + closed)
    (folder / "alone.pem").write_bytes(cert)
    (folder / "password.txt").write_text("secret\n")
    (folder / "bundle.pfx").write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"localhost",
            loaded,  # type: ignore[arg-type]
            x509.load_pem_x509_certificate(cert),
            None,
            locked,
        )
    )
    return folder


@pytest.mark.parametrize(
    ("file", "password"),
    [
        ("both.pem", None),
        ("sec1.pem", None),
        ("localhost.pem", None),
        ("locked.pem", "secret"),
        ("bundle.pfx", "password.txt"),
    ],
)
def test_https(certificates: Path, file: str, password: str | None) -> None:
    args = ["--useHttps", "--cert", str(certificates / file)]
    if password:
        is_file = password.endswith(".txt")
        args += ["--password", str(certificates / password) if is_file else password]
    context = ssl.create_default_context(cafile=str(certificates / "localhost.pem"))
    with FuncApp(APPS / "http", args=args) as app:
        base = f"https://localhost:{app.port}"
        assert httpx.get(f"{base}/api/answer/text", verify=context).text == "plain"
        assert f"{base}/api/echo" in app.output()


@pytest.mark.parametrize(
    ("file", "password", "said"),
    [
        ("alone.pem", None, "holds no private key"),
        ("locked.pem", None, "--password"),
        ("locked.pem", "wrong", "Is the password right?"),
        ("bundle.pfx", "wrong", "Is the password right?"),
        ("password.txt", None, "cannot be used"),
    ],
)
def test_certificates_that_cannot_be(
    certificates: Path, file: str, password: str | None, said: str
) -> None:
    args = ["--useHttps", "--cert", str(certificates / file)]
    args += ["--password", password] if password else []
    with FuncApp(APPS / "http", args=args, ready=None) as app:
        assert app.wait() == 1
    assert said in app.output()
    assert "Traceback" not in app.output()


def test_the_own_key_is_the_owners_alone(certificates: Path) -> None:
    assert stat.S_IMODE(os.stat(certificates / "localhost.key").st_mode) == 0o600


# addresses


@pytest.mark.parametrize(
    ("address", "url"),
    [("localhost", "localhost"), ("::1", "[::1]"), ("0.0.0.0", "127.0.0.1"), ("::", "[::1]")],
)
def test_addresses(address: str, url: str) -> None:
    with FuncApp(APPS / "http", args=["--address", address]) as app:
        assert httpx.get(f"http://{url}:{app.port}/api/answer/text").text == "plain"


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", free_port())) as taken:
        port = taken.getsockname()[1]
        with FuncApp(APPS / "http", args=["--port", str(port)], ready=None) as app:
            assert app.wait() == 1
    assert app.output().strip() == (
        f"Port {port} is unavailable. Close the process using that port, or specify another port "
        "using --port [-p]."
    )


def test_an_address_that_is_nobodys() -> None:
    with FuncApp(APPS / "http", args=["--address", "no.such.host.invalid"], ready=None) as app:
        assert app.wait() == 1
    assert "'no.such.host.invalid' is not known" in app.output()
