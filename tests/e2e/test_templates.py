"""From nothing to an answer: `func init`, `func new` and `func start`, for every template in both
models, each function called."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lazulite.cli.templates import TEMPLATES, Template
from tests.cli.conftest import Func
from tests.cli.conftest import func as func  # the fixture
from tests.e2e.harness import FuncApp

OFFERED = [template for template in TEMPLATES if template.offered]


@pytest.fixture(params=["v2", "v1"])
def app(request: pytest.FixtureRequest, func: Func, tmp_path: Path) -> Iterator[FuncApp]:
    """An app with a function of every template, running."""
    func("init", "demo", "--model", request.param, cwd=tmp_path)
    demo = tmp_path / "demo"
    for template in OFFERED:
        func("new", "--template", template.name, "--name", template.folder, cwd=demo)
    with FuncApp(demo) as running:
        running.wait_for("For detailed output")
        yield running


Call = Callable[[FuncApp, Func], str]


def call_http(app: FuncApp, func: Func) -> str:
    assert app.client.get("/api/http?name=you").text == "Hello, you!"
    assert app.client.post("/api/http", json={"name": "me"}).text == "Hello, me!"
    return "http was called, name: you"


def call_timer(app: FuncApp, func: Func) -> str:
    func("invoke", "timer", cwd=app.root)
    return "timer ran."


def call_queue(app: FuncApp, func: Func) -> str:
    func("storage", "queue", "put", "python-queue-items", "two teas", cwd=app.root)
    return "queue received: two teas"


def call_blob(app: FuncApp, func: Func) -> str:
    func("storage", "blob", "put", "samples/note.txt", "--data", "milk", cwd=app.root)
    return "blob found samples/note.txt, 4 bytes"


def call_blob_by_hand(app: FuncApp, func: Func) -> str:
    func("storage", "blob", "put", "samples/event.txt", "--data", "tea", cwd=app.root)
    func("invoke", "blob_eventgrid", "--data", "samples/event.txt", cwd=app.root)
    return "blob_eventgrid found samples/event.txt, 3 bytes"


def call_table(app: FuncApp, func: Func) -> str:
    func("invoke", "table", "-p", "partition=tea", "-d", "two", cwd=app.root)
    found = json.loads(func("invoke", "table", "-p", "partition=tea", cwd=app.root).out)
    assert [(e["PartitionKey"], e["Text"]) for e in found] == [("tea", "two")]
    stored = func("storage", "table", "query", "items", "--json", cwd=app.root)
    assert [e["RowKey"] for e in json.loads(stored.out)] == [found[0]["RowKey"]]
    return "Executed 'Functions.table' (Succeeded"


def call_warmup(app: FuncApp, func: Func) -> str:
    return "warmup ran."  # at the start


CALLS: dict[str, Call] = {
    "http": call_http,
    "timer": call_timer,
    "queue": call_queue,
    "blob": call_blob,
    "blob_eventgrid": call_blob_by_hand,
    "table": call_table,
    "warmup": call_warmup,
}


def test_every_generated_function_is_called(app: FuncApp, func: Func) -> None:
    assert set(CALLS) == {template.folder for template in OFFERED}
    for call in CALLS.values():
        app.wait_for(call(app, func))
    output = app.output()
    assert "Failed" not in output
    assert "in error" not in output
    for template in OFFERED:
        assert f"\t{template.folder}: " in output
    assert app.stop() == 0


@pytest.mark.parametrize("template", OFFERED, ids=lambda t: t.folder)
def test_what_new_says_to_try_works_at_once(func: Func, tmp_path: Path, template: Template) -> None:
    func("init", "demo", cwd=tmp_path)
    demo = tmp_path / "demo"
    out = func("new", "-t", template.name, "-n", "mine", cwd=demo).out
    for command in out.partition("Try it: ")[2].strip().split(" && "):
        done = func(*shlex.split(command)[1:], cwd=demo)
    assert "Succeeded (" in done.err or "HTTP 20" in done.err


@pytest.mark.parametrize("model", ["v2", "v1"])
def test_four_commands_in_a_row(tmp_path: Path, model: str) -> None:
    func = f"{shlex.quote(sys.executable)} -m lazulite.cli"
    script = (
        f"{func} init demo --model {model} && cd demo && "
        f'{func} new --template "HTTP trigger" --name hello && exec {func} "$@"'
    )
    with FuncApp(tmp_path, command=["sh", "-c", script, "sh"]) as app:
        assert app.client.get("/api/hello?name=you").text == "Hello, you!"
        assert app.stop() == 0
    methods = {"v1": "[GET,POST]", "v2": ""}[model]
    assert f"\thello: {methods} http://localhost:{app.port}/api/hello\n" in app.output()
