"""HTTP over sockets: framing, limits, flags, HTTPS, addresses."""

from __future__ import annotations

import json
import os
import socket
import ssl
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.harness import APPS, FuncApp, free_port


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


# framing


def test_http_1_0_and_many_requests_on_one_connection(app: FuncApp) -> None:
    said = raw(app, b"GET /api/methods HTTP/1.0\r\n\r\n")
    assert said.startswith(b"HTTP/1.0 200")
    one = b"GET /api/methods HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /api/answer/text HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    said = raw(app, one * 5 + last)
    assert said.count(b"HTTP/1.1 200") == 6
    assert said.endswith(b"plain")


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


# limits


def test_the_body_limit() -> None:
    env = {"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "1000"}
    with FuncApp(APPS / "http", env=env) as app:
        path = "/api/echo/x"
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


# CORS and headers


def test_cors() -> None:
    args = ["--cors", "https://a.example,http://localhost:3000", "--cors-credentials"]
    with FuncApp(APPS / "http", args=args) as app:
        asking = {"Origin": "https://a.example", "Access-Control-Request-Method": "PUT"}
        allowed = app.client.options("/api/echo/x", headers=asking)
        assert allowed.status_code == 204
        assert allowed.headers["access-control-allow-origin"] == "https://a.example"
        assert allowed.headers["access-control-allow-methods"] == "PUT"
        assert allowed.headers["access-control-allow-credentials"] == "true"
        answer = app.client.get("/api/answer/text", headers={"Origin": "http://localhost:3000"})
        assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
        refused = app.client.get("/api/answer/text", headers={"Origin": "https://b.example"})
        assert "access-control-allow-origin" not in refused.headers


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
