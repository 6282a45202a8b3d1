"""What is said of calls that cannot be meant: one error, which names the way out."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lazulite.errors import FunctionError, LazuliteError, NotFound, UsageError
from lazulite.testing import AppClient, open_app, open_app_async
from tests.testing.conftest import KIT
from tests.testing.test_isolation import answering, make_app

Call = Callable[[AppClient], Any]


@pytest.mark.parametrize(
    ("options", "kind", "said"),
    [
        ({"setings": {}}, TypeError, "no option 'setings'. There are: settings"),
        ({"settings": {"A": 1}}, TypeError, "setting 'A' is 1: app settings are text"),
        ({"functions": "item"}, TypeError, r"write functions=\['item'\]"),
        ({"functions": ["itm"]}, UsageError, "no function 'itm'"),
        ({"now": "2030-01-01"}, TypeError, "'2030-01-01' is no datetime"),
        ({"now": datetime(2030, 1, 1), "process": True}, UsageError, "machine's"),
        ({"triggers": False, "process": True}, UsageError, "triggers=False"),
    ],
)
def test_options(options: dict[str, Any], kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        open_app(KIT, **options)


@pytest.mark.parametrize("process", [False, True])
def test_an_app_without_functions(tmp_path: Path, process: bool) -> None:
    (tmp_path / "host.json").write_text('{"version": "2.0"}')

    with pytest.raises(FunctionError, match=f"no functions in {tmp_path}"):
        open_app(tmp_path, process=process)
    with open_app(tmp_path, allow_errors=True, process=process) as client:
        assert client.get("/api/any").status_code == 404


CALLS: list[tuple[Call, type[Exception], str]] = [
    (lambda c: c.run("itm"), UsageError, "(?s)no function 'itm'.*There are: .*item"),
    (lambda c: c.run("item"), UsageError, "(?s)called by its URL.*Use get"),
    (lambda c: c.timer("work"), UsageError, "(?s)no timer.*Timers are: hourly"),
    (lambda c: c.key("guarded"), UsageError, "auth=True"),
    (lambda c: c.get("/", timeout=5), TypeError, "no option 'timeout'. There are: params"),  # type: ignore[call-arg]
    (lambda c: c.get(None), TypeError, "URL is None"),  # type: ignore[arg-type]
    (lambda c: c.get("/", headers={"a": "b\r\nc: d"}), ValueError, "line break"),
    (lambda c: c.post("/", json={}, data={}), ValueError, "give one body"),
    (lambda c: c.advance(), TypeError, r"advance\(minutes=5\)"),
    (lambda c: c.advance(5), TypeError, r"advance\(minutes=5\)"),  # type: ignore[arg-type]
    (lambda c: c.advance(minuts=5), TypeError, "days, hours, .* not minuts"),
    (lambda c: c.advance(minutes=-5), UsageError, "(?s)only goes forward.*now="),
    (lambda c: c.travel_to(c.now - timedelta(1)), UsageError, "only goes forward"),
    (lambda c: c.travel_to("2030-01-01"), TypeError, "no datetime"),  # type: ignore[arg-type]
    (lambda c: c.timer("hourly").fire(at="now"), TypeError, "no datetime"),  # type: ignore[arg-type]
    (lambda c: c.blob("notes"), ValueError, "container/name"),
    (lambda c: c.queue("A_B").send("x"), LazuliteError, "lower-case letters"),
    (lambda c: c.table("people").write({"a": 1}), LazuliteError, "PartitionKey is missing"),
]


@pytest.mark.parametrize(("call", "kind", "said"), CALLS)
def test_calls(client: AppClient, call: Call, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        call(client)


def test_a_blob_that_is_not_there(client: AppClient) -> None:
    with pytest.raises(NotFound, match="nothing in 'copies'"):
        client.blob("copies/a.txt").text()
    for number in range(22):
        client.blob(f"notes/{number:02}.txt").write("x")
    with pytest.raises(NotFound, match=r"In 'copies' there are: 00.txt, .*19.txt, \.\.\."):
        client.blob("copies/a.txt").text()


def test_a_closed_app(client: AppClient) -> None:
    client.get("/api/items/1")
    client.close()

    for call in (lambda: client.get("/"), client.queue("orders").messages, client.settle):
        with pytest.raises(UsageError, match="closed"):
            call()
    assert len(client.invocations) == 1


def test_another_event_loop() -> None:
    async def opened() -> Any:
        return await open_app_async(KIT, triggers=False).__aenter__()

    loop = asyncio.new_event_loop()
    client = loop.run_until_complete(opened())
    calls: list[Callable[[], Any]] = [
        lambda: client.get("/"),
        lambda: client.queue("orders").send("x"),
        lambda: client.run("work", "x"),
    ]
    for call in calls:
        with pytest.raises(UsageError, match=r"(?s)another event loop.*loop_scope"):
            asyncio.run(call())
    loop.run_until_complete(client.close())
    loop.close()


def test_no_event_loop_of_asyncio() -> None:
    opening = open_app_async(KIT).__aenter__()
    with pytest.raises(UsageError, match="anyio"):
        opening.send(None)  # as any other framework would run it


def test_a_traceback_has_the_test_and_the_function(client: AppClient) -> None:
    for url in ("/api/broken", "/api/broken-too"):
        with pytest.raises(LookupError) as caught:
            client.get(url)
        shown = [entry for entry in caught.traceback if not entry.ishidden(caught)]
        assert [Path(entry.path).name for entry in shown] == ["test_misuse.py", "function_app.py"]


def test_a_traceback_has_the_test_alone_where_nothing_else_matters(tmp_path: Path) -> None:
    wrong = "@app.route('x')\ndef wrong(req, more) -> str:\n    return ''\n"
    app = make_app(tmp_path / "app", answering("''") + wrong)
    with pytest.raises(FunctionError) as caught:
        open_app(app)
    shown = [entry for entry in caught.traceback if not entry.ishidden(caught)]
    assert [Path(entry.path).name for entry in shown] == ["test_misuse.py"]
    assert "asyncio" not in "".join(traceback.format_exception(caught.value))
