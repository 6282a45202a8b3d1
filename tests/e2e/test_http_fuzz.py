"""Nonsense at the door: nothing that a client sends may hang or end the server."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.harness import APPS, FuncApp

SEED = 20_240_229
ROUNDS = 500  # attacks of each client: the same ones in every run
WIDTH = 8  # clients at a time
GOOD = b"POST /api/echo/x HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\ngood"
Chance = random.Random


@pytest.fixture(scope="module", params=["http", "asgi"])
def app(request: pytest.FixtureRequest) -> Iterator[FuncApp]:
    with FuncApp(APPS / request.param) as it:
        yield it


def nonsense(chance: Chance) -> bytes:
    return chance.randbytes(chance.choice((1, 7, 100, 5000)))


def line(chance: Chance) -> bytes:
    """A request line that is wrong in some way."""
    method = chance.choice((b"GET", b"POST", b"get", b"G\x00T", b"", b"A" * 9000, b"CONNECT"))
    path = chance.choice(
        (
            b"/api/echo/x",
            b"*",
            b"",
            b"/%zz%",
            b"/\xff\xfe",
            b"/api/echo/" + b"%C3%28" * 20,
            b"/" + b"a/" * 4000,
            b"http://other.example/api/echo/x",
            b"/api/echo/../../../etc/passwd",
            b"/api/echo/x?" + b"&=%&" * 200,
            b"/admin/host/status\x00",
        )
    )
    version = chance.choice((b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"HTTP/9", b"", b"HTTP/1.1 x"))
    return b" ".join((method, path, version)) + chance.choice((b"\r\n", b"\n", b"\r", b""))


def header(chance: Chance) -> bytes:
    """A header that is wrong, strange or huge."""
    return chance.choice(
        (
            b"Content-Length: -1\r\n",
            b"Content-Length: 5\r\nContent-Length: 6\r\n",
            b"Content-Length: \xb2\r\n",
            b"Content-Length: 1e3\r\n",
            b"Content-Length: 18446744073709551616\r\n",
            b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
            b"Transfer-Encoding: chunked, identity\r\n",
            b"Transfer-Encoding: xchunked\r\n",
            b"Expect: 100-continue\r\nContent-Length: 4\r\n",
            b"Expect: the worst\r\n",
            b"Upgrade: websocket\r\nConnection: Upgrade\r\n",
            b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAA\r\n",
            b"Host:\r\n",
            b"Host: a\r\nHost: b\r\n",
            b": no name\r\n",
            b"no colon\r\n",
            b" folded: x\r\n",
            b"X-Bytes: \xff\xfe\x80\r\n",
            b"X-Nul: a\x00b\r\n",
            b"X-Huge: " + b"h" * 600_000 + b"\r\n",
            b"".join(b"X-%d: y\r\n" % i for i in range(500)),
            b"Content-Type: multipart/form-data; boundary=\r\n",
            b"x-functions-key: \xff\r\n",
            b"Origin: \r\nAccess-Control-Request-Method: \x7f\r\n",
        )
    )


def chunks(chance: Chance) -> bytes:
    """A chunked body that is wrong."""
    head = b"POST /api/echo/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = chance.choice(
        (
            b"zz\r\nab\r\n",
            b"-1\r\nab\r\n",
            b"FFFFFFFFFFFFFFFFF\r\nab\r\n",
            b"2\r\nabcdef\r\n0\r\n\r\n",
            b"2;" + b"x=y;" * 9000 + b"\r\nab\r\n0\r\n\r\n",
            b"2\r\nab\r\n0\r\nTrailer: x\r\nContent-Length: 5\r\n\r\n",
            b"\r\n\r\n\r\n",
            b"5\r\nab",
            b"2\nab\n0\n\n",
        )
    )
    return head + body


def mutated(chance: Chance) -> bytes:
    """A good request with some bytes changed, left out or doubled."""
    data = bytearray(GOOD)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(data))
        what = chance.randrange(3)
        if what == 0:
            data[at] = chance.randrange(256)
        elif what == 1:
            del data[at]
        else:
            data[at:at] = data[at : at + chance.randrange(40)]
    return bytes(data)


def early(chance: Chance) -> bytes:
    """A good request that ends before its end."""
    return GOOD[: chance.randrange(len(GOOD))]


def pipelined(chance: Chance) -> bytes:
    """Good requests one after the other, with something else among them."""
    one = b"GET /api/answer/text HTTP/1.1\r\nHost: x\r\n\r\n"
    parts = [one] * chance.randint(1, 30)
    parts.insert(chance.randrange(len(parts) + 1), chance.choice((nonsense, chunks))(chance))
    return b"".join(parts)


def request(chance: Chance) -> bytes:
    """A head put together of strange parts."""
    headers = b"".join(header(chance) for _ in range(chance.randint(0, 3)))
    return line(chance) + headers + b"\r\n" + chance.choice((b"", b"body", nonsense(chance)))


KINDS: tuple[Callable[[Chance], bytes], ...] = (
    nonsense,
    request,
    request,
    chunks,
    mutated,
    mutated,
    early,
    pipelined,
)


def attack(port: int, chance: Chance) -> None:
    """One rude client: sends, perhaps slowly, perhaps reads, and leaves."""
    data = chance.choice(KINDS)(chance)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        try:
            if chance.random() < 0.15:
                for at in range(min(len(data), 60)):
                    client.sendall(data[at : at + 1])
            else:
                client.sendall(data)
            how = chance.randrange(4)
            if how == 0:
                client.shutdown(socket.SHUT_WR)
            if how <= 1:
                client.settimeout(0.05)
                client.recv(65536)
        except OSError:
            pass  # it may refuse to listen


def good(port: int) -> None:
    """The next one to come is served as if nothing had happened."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(GOOD)
        said = b""
        while more := client.recv(65536):
            said += more
    assert said.startswith((b"HTTP/1.1 200 OK", b"HTTP/1.1 404")), said[:200]
    assert b"good".hex().encode() in said or said.endswith(b"/api/echo/x")


def test_no_client_brings_the_server_down(app: FuncApp) -> None:
    workers = app.worker_pids
    failures: list[BaseException] = []

    def client(number: int) -> None:
        chance = Chance(SEED + number)
        try:
            for count in range(1, ROUNDS + 1):
                attack(app.port, chance)
                if count % 10 == 0:
                    good(app.port)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(WIDTH)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
    good(app.port)
    assert app.worker_pids == workers
    assert "could not be answered" not in app.output()
    assert "Traceback" not in app.output()
    assert "panicked" not in app.output()


def test_clients_that_say_nothing_hold_nobody_up(app: FuncApp) -> None:
    silent = [socket.create_connection(("127.0.0.1", app.port)) for _ in range(200)]
    try:
        for client in silent[::2]:
            client.sendall(
                b"POST /api/echo/x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf"
            )
        good(app.port)
    finally:
        for client in silent:
            client.close()
    good(app.port)
