"""AsgiFunctionApp over a process: streaming both ways, lifespan, disconnects, WebSockets."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import websockets
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.e2e.harness import APPS, FuncApp


@pytest.fixture(scope="module")
def app() -> Iterator[FuncApp]:
    with FuncApp(APPS / "asgi") as it:
        yield it


def test_what_the_app_sees(app: FuncApp) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = app.client.get("/scope?a=1&a=%C3%A9", headers={"X-A": "1", "traceparent": trace})
    scope = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert scope["type"] == "http"
    assert scope["asgi"]["version"] == "3.0"
    assert scope["method"] == "GET"
    assert scope["path"] == scope["raw_path"] == "/scope"
    assert scope["query_string"] == "a=1&a=%C3%A9"
    assert scope["root_path"] == ""
    assert scope["scheme"] == "http"
    assert ["x-a", "1"] in scope["headers"]
    assert scope["server"] == ["127.0.0.1", app.port]
    assert scope["client"][0] == "127.0.0.1"
    assert scope["state"] == {"started": "yes"}
    assert scope["azure_functions.function_name"] == "http_app_func"
    assert scope["azure_functions.function_directory"] == str(app.root)
    assert len(scope["azure_functions.invocation_id"]) == 36
    assert scope["trace_parent"] == trace


def test_pieces_of_a_body_are_answered_one_by_one(app: FuncApp) -> None:
    with socket.create_connection(("127.0.0.1", app.port), timeout=10) as client:
        client.sendall(b"POST /pieces HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        seen = b""
        for piece in (b"alpha", b"beta", b"gamma"):
            client.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
            while piece.upper() not in seen:
                more = client.recv(65536)
                assert more
                seen += more
        client.sendall(b"0\r\n\r\n")
        while not seen.endswith(b"0\r\n\r\n"):
            more = client.recv(65536)
            assert more
            seen += more
    assert seen.startswith(b"HTTP/1.1 201")
    assert b"x-live: 1" in seen


def test_a_large_body_in_pieces(app: FuncApp) -> None:
    assert app.client.post("/size", content=b"x" * 5_000_000).text == "5000000"
    pieces = (b"y" * 1000 for _ in range(3000))
    assert app.client.post("/size", content=pieces).text == "3000000"


def test_the_app_hears_of_a_client_that_leaves(app: FuncApp) -> None:
    with app.client.stream("GET", "/wait") as answer:
        assert next(answer.iter_bytes()) == b"hold"
    assert app.client.get("/left").text == "left"
    app.wait_for("client left")


def test_head_keeps_the_length(app: FuncApp) -> None:
    assert app.client.get("/sized").text == "12345"
    head = app.client.head("/sized")
    assert (head.headers["content-length"], head.content) == ("5", b"")


def test_an_app_that_raises_in_the_middle(app: FuncApp) -> None:
    assert app.client.get("/half").text == "half"
    app.wait_for("trouble in the middle")
    assert app.client.get("/sized").text == "12345"


async def talk(app: FuncApp, path: str = "/chat") -> AsyncIterator[str]:
    async with websockets.connect(f"ws://127.0.0.1:{app.port}{path}") as client:
        await client.send("hello")
        yield str(await client.recv())
        await client.send(b"123")
        yield repr(await client.recv())
        await client.send("bye")
        try:
            await client.recv()
        except ConnectionClosed:
            yield "closed"


def test_a_websocket(app: FuncApp) -> None:
    async def main() -> list[str]:
        return [said async for said in talk(app)]

    assert asyncio.run(main()) == ["HELLO", "b'321'", "closed"]


def test_a_websocket_that_the_client_leaves(app: FuncApp) -> None:
    async def main() -> None:
        async with websockets.connect(f"ws://127.0.0.1:{app.port}/chat") as client:
            await client.send("hello")
            await client.recv()

    asyncio.run(main())
    app.wait_for("socket closed")


def test_a_websocket_that_is_refused_and_one_that_crashes(app: FuncApp) -> None:
    async def status(path: str) -> int:
        try:
            async with websockets.connect(f"ws://127.0.0.1:{app.port}{path}") as client:
                await client.recv()
        except InvalidStatus as error:
            return error.response.status_code
        except ConnectionClosed:
            return 101
        return 0

    assert asyncio.run(status("/refuse")) == 403
    assert asyncio.run(status("/crash")) == 101
    app.wait_for("socket trouble")
    assert app.client.get("/sized").text == "12345"


def test_lifespan_from_start_to_end() -> None:
    with FuncApp(APPS / "asgi") as app:
        app.wait_for("app is up")
        assert app.client.get("/sized").status_code == 200
        assert app.stop(signal.SIGTERM) == 0
    assert app.output().count("app is up") == 1
    assert "app is down" in app.output()


def test_invocations_are_recorded(app: FuncApp) -> None:
    app.client.get("/sized")
    app.wait_for("Executed 'Functions.http_app_func' (Succeeded")
    listed = app.client.get("/admin/functions").json()
    assert [function["name"] for function in listed] == ["http_app_func"]
    assert json.loads(httpx.get(f"{app.url}/scope").text)["path"] == "/scope"
