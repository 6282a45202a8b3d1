from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from lazulite.errors import FunctionTimeout
from lazulite.testing import open_app, open_app_async
from lazulite.testing.records import Failure
from tests.testing.conftest import KIT
from tests.testing.test_isolation import make_app

NO_GRACE = {"LAZULITE_SHUTDOWN_GRACE": "0"}


def test_an_app_on_the_tests_own_loop() -> None:
    async def scenario() -> None:
        async with open_app_async(KIT) as client:
            answers = await asyncio.gather(*(client.get(f"/api/items/{n}") for n in range(20)))
            assert [answer.json()["id"] for answer in answers] == list(range(20))
            await client.post("/api/order", data="tea")
            assert await client.queue("done").messages() == ["done: tea"]
            assert (await client.get("/api/where")).text == str(KIT)
            with pytest.raises(LookupError):
                await client.get("/api/broken-too")

    asyncio.run(scenario())


def test_many_at_once_know_their_own_exceptions() -> None:
    async def scenario() -> None:
        async with open_app_async(KIT) as client:
            urls = ["/api/broken", "/api/items/1", "/api/broken-too"] * 5
            results = await asyncio.gather(*map(client.get, urls), return_exceptions=True)
            said = [r.args[0] if isinstance(r, LookupError) else r.status_code for r in results]  # type: ignore[union-attr]
            assert said == ["nothing there", 200, "nothing there either"] * 5

    asyncio.run(scenario())


def test_a_request_does_not_wait_for_another(tmp_path: Path) -> None:
    code = (
        "import asyncio\n"
        "gate = asyncio.Event()\n"
        "@app.route('wait')\n"
        "async def wait(req: func.HttpRequest) -> str:\n"
        "    await gate.wait()\n"
        "    return 'waited'\n"
        "@app.route('open')\n"
        "async def open(req: func.HttpRequest) -> str:\n"
        "    gate.set()\n"
        "    return 'opened'\n"
    )

    async def scenario() -> None:
        async with open_app_async(make_app(tmp_path / "app", code)) as client:
            waiting = asyncio.ensure_future(client.get("/api/wait"))
            while not client.invocations:
                await asyncio.sleep(0)
            assert (await client.get("/api/open")).text == "opened"
            assert (await waiting).text == "waited"

    asyncio.run(scenario())


def test_the_client_within_a_running_loop() -> None:
    async def scenario() -> int:
        with open_app(KIT) as client:
            return client.get("/api/items/1").status_code

    assert asyncio.run(scenario()) == 200


def test_an_app_that_does_not_come_to_rest(tmp_path: Path) -> None:
    code = (
        "import asyncio\n"
        "@app.queue_trigger('msg', 'endless', '')\n"
        "async def endless(msg: func.QueueMessage) -> None:\n"
        "    await asyncio.Event().wait()\n"
    )
    client = open_app(make_app(tmp_path / "app", code), patience=0.05)

    with pytest.raises(FunctionTimeout, match="endless"):
        client.queue("endless").send("x")
    client.close()


ENDLESS = (
    "import asyncio\n"
    "@app.route('endless')\n"
    "async def endless(req: func.HttpRequest) -> None:\n"
    "    await asyncio.Event().wait()\n"
    "@app.timer_trigger('timer', '0 0 0 1 1 *')\n"
    "async def endless_too(timer: func.TimerRequest) -> None:\n"
    "    await asyncio.Event().wait()\n"
)


@pytest.mark.parametrize("process", [False, True])
def test_what_is_never_answered(tmp_path: Path, process: bool) -> None:
    app = make_app(tmp_path / "app", ENDLESS)
    with open_app(
        app, patience=3 if process else 0.05, process=process, settings=NO_GRACE
    ) as client:
        with pytest.raises(FunctionTimeout, match=r"/api/endless was not answered .* patience="):
            client.get("/api/endless")
        if not process:
            with pytest.raises(FunctionTimeout, match=r"'endless_too' did not end .* patience="):
                client.timer("endless_too").fire()


def test_a_streamed_answer(tmp_path: Path) -> None:
    code = (
        "async def pieces(scope, receive, send):\n"
        "    if scope['type'] != 'http':\n"
        "        return\n"
        "    if scope['path'].endswith('fail'):\n"
        "        1 / 0\n"
        "    await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n"
        "    for piece in (b'one ', b'two'):\n"
        "        await send({'type': 'http.response.body', 'body': piece, 'more_body': True})\n"
        "    await send({'type': 'http.response.body', 'body': b'', 'more_body': False})\n"
        "app = func.AsgiFunctionApp(pieces, func.AuthLevel.ANONYMOUS)\n"
    )
    with open_app(make_app(tmp_path / "app", code)) as client:
        response = client.get("/api/any/path")

        with pytest.raises(Failure, match="ZeroDivisionError"):
            client.get("/api/fail")

    assert response.text == "one two"
    assert response.chunks == (b"one ", b"two")


HALF = """
async def half(scope, receive, send):
    if scope['type'] != 'http':
        return
    await send({'type': 'http.response.start', 'status': 200, 'headers': []})
    await send({'type': 'http.response.body', 'body': b'half', 'more_body': True})
    if scope['path'].endswith('fail'):
        raise LookupError('in the middle')
    await send({'type': 'http.response.body', 'body': b' whole'})
app = func.AsgiFunctionApp(half, func.AuthLevel.ANONYMOUS)
"""


def test_what_fails_in_the_middle_of_its_answer_is_raised(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with open_app_async(make_app(tmp_path / "app", HALF)) as client:
            urls = ["/api/fail", "/api/well", "/api/fail"]
            results = await asyncio.gather(*map(client.get, urls), return_exceptions=True)
            assert [isinstance(result, Failure) for result in results] == [True, False, True]
            assert "LookupError: in the middle" in str(results[0])
            assert (await client.get("/api/fail", raise_exceptions=False)).text == "half"

    asyncio.run(scenario())


def test_a_web_app_that_waits_for_another_request(tmp_path: Path) -> None:
    code = (
        "import asyncio\n"
        "gate = asyncio.Event()\n"
        "async def gated(scope, receive, send):\n"
        "    if scope['type'] != 'http':\n"
        "        return\n"
        "    if scope['path'].endswith('open'):\n"
        "        gate.set()\n"
        "    await gate.wait()\n"
        "    await send({'type': 'http.response.start', 'status': 204, 'headers': []})\n"
        "    await send({'type': 'http.response.body'})\n"
        "app = func.AsgiFunctionApp(gated, func.AuthLevel.ANONYMOUS)\n"
    )

    async def scenario() -> None:
        async with open_app_async(make_app(tmp_path / "app", code), patience=5) as client:
            waiting = asyncio.ensure_future(client.get("/api/wait"))
            while not client.invocations:
                await asyncio.sleep(0)
            assert (await client.get("/api/open")).status_code == 204
            assert (await waiting).status_code == 204

    asyncio.run(scenario())
