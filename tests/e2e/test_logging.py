"""Nothing that user code says is lost, and it belongs to its invocation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.harness import APPS, FuncApp

APP = APPS / "logging"


@pytest.fixture(scope="module")
def json_app() -> Iterator[FuncApp]:
    """The app with records that tell what they belong to; for tests that look for their own."""
    with FuncApp(APP, args=["--json-output"]) as app:
        yield app


def records(app: FuncApp) -> list[dict[str, Any]]:
    """The JSON lines of the output."""
    return [json.loads(line) for line in app.output().splitlines() if line.startswith("{")]


def of_invocation(app: FuncApp, id: str) -> list[str]:
    """The messages tied to an invocation."""
    return [r["message"] for r in records(app) if r.get("invocationId") == id]


def test_levels_loggers_and_import_time() -> None:
    with FuncApp(APP) as app:
        app.client.get("/api/levels")
        text = app.wait_for("Executed 'Functions.levels'")
    shown = [re.sub(r"^\[[^]]*\] ", "", line) for line in text.splitlines()]
    assert shown.index("said while importing") < shown.index("printed while importing")
    assert [line for line in shown if line.startswith(("root ", "shop.orders "))] == [
        f"{name} {level}"
        for name in ("root", "shop.orders")
        for level in ("info", "warning", "error", "critical")
    ]
    assert re.search(
        r"Executing 'Functions.levels' \(Reason='This function was programmatically called via "
        r"the host APIs.', Id=[0-9a-f-]{36}\)",
        text,
    )
    assert re.search(
        r"Executed 'Functions.levels' \(Succeeded, Id=[0-9a-f-]{36}, Duration=\d+ms\)", text
    )
    assert "\x1b[" not in text


@pytest.mark.parametrize(
    ("settings", "args", "levels"),
    [
        ({}, ["--user-log-level", "Debug"], ["debug", "info", "warning", "error", "critical"]),
        (
            {"AzureFunctionsJobHost__logging__logLevel__Function.levels.User": "Warning"},
            [],
            ["warning", "error", "critical"],
        ),
    ],
)
def test_level_filters(settings: dict[str, str], args: list[str], levels: list[str]) -> None:
    with FuncApp(APP, env=settings, args=args) as app:
        app.client.get("/api/levels")
        app.wait_for("shop.orders critical")
    assert re.findall(r"shop.orders (\w+)", app.output()) == levels


def test_prints_and_records_keep_their_order() -> None:
    with FuncApp(APP) as app:
        app.client.get("/api/order")
        text = app.wait_for("Executed 'Functions.order'")
    assert [int(n) for n in re.findall(r"step (\d+)", text)] == list(range(150))


def test_odd_records_arrive_whole() -> None:
    with FuncApp(APP, args=["--json-output", "--user-log-level", "Trace"]) as app:
        assert app.client.get("/api/odd").text == "ok"
        app.wait_for("Executed 'Functions.odd'")
        app.wait_for("raw ")
    messages = [r["message"] for r in records(app)]
    assert any(m.startswith("'wrong %d' ('number',) (cannot be formatted") for m in messages)
    assert any(m.startswith("'too many' (1, 2) (cannot be formatted") for m in messages)
    assert any(
        m.startswith("<Bad> () (cannot be formatted: ValueError('no text')") for m in messages
    )
    assert any(m.startswith("şğüöçİ 漢字 🎈 ") for m in messages)
    assert "two\nlines" in messages
    assert "long " + "x" * 3_000_000 + " end" in messages
    assert "below debug" in messages
    assert "print in pieces" in messages
    assert "no end of line" in messages
    assert "raw \\xff bytes" in messages
    assert any(m.startswith("with a stack\nTraceback") and "KeyError" in m for m in messages)


def test_threads_executors_tasks_and_processes_belong_to_the_invocation(json_app: FuncApp) -> None:
    id = json_app.client.get("/api/elsewhere").text
    for where in ("thread", "pool", "to_thread", "executor", "task", "process pool", "process"):
        for text in (f"from {where}", f"print from {where}"):
            json_app.wait_for(f'"{text}"')
            assert text in of_invocation(json_app, id)


def test_subinterpreters_belong_to_the_invocation(json_app: FuncApp) -> None:
    id = json_app.client.get("/api/subinterpreter").text
    for text in ("from inside", "print inside"):
        json_app.wait_for(f'"{text}"')
        assert text in of_invocation(json_app, id)


def test_records_after_the_answer_still_belong_to_it(json_app: FuncApp) -> None:
    id = json_app.client.get("/api/background").text
    json_app.wait_for('"said after the answer"')
    assert "said after the answer" in of_invocation(json_app, id)


def test_child_processes_and_descriptors(json_app: FuncApp) -> None:
    json_app.client.get("/api/child")
    for text in ("from sh", "from the descriptor", "a failure"):
        json_app.wait_for(f'"{text}"')
    levels = {r["message"]: r["level"] for r in records(json_app)}
    assert levels["from sh"] == "Information"
    assert levels["a failure"] == "Error"


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("exit", "ended with exit code 7"),
        ("kill", "was killed (SIGKILL)"),
        ("abort", "was ended by SIGABRT"),
        ("segfault", "was ended by SIGSEGV"),
    ],
)
def test_last_words_of_a_crash_are_shown(how: str, words: str) -> None:
    with FuncApp(APP) as app:
        with pytest.raises(httpx.TransportError):
            app.client.get(f"/api/crash/{how}")
        text = app.wait_for(words)
        app.wait_for("Worker process started and initialized.", count=2)
        assert app.client.get("/api/quick").text == "ok"
    place = text.index(words)
    for said in ("last words", "last print", "last begun"):
        assert text.index(said) < place
    if how in ("abort", "segfault"):
        assert text.index("Fatal Python error") < place
        assert "function_app.py" in text


def test_many_invocations_are_summed_up_but_failures_and_user_records_are_whole() -> None:
    with FuncApp(APP) as app:
        for number in range(300):
            app.client.get("/api/quick")
            if number % 10 == 0:
                app.client.get(f"/api/quick?say=n{number}")
                app.client.get(f"/api/quick?fail=n{number}")
        app.wait_for("said n290")
        app.wait_for("RuntimeError: failed n290")
        assert app.stop() == 0
        text = app.output()
    assert len(re.findall(r"said n\d+", text)) == 30
    assert len(re.findall(r"Executed 'Functions.quick' \(Failed", text)) == 30
    single = len(re.findall(r"Executed 'Functions.quick' \(Succeeded", text))
    summed = sum(
        int(n.replace(",", "")) for n in re.findall(r"'Functions.quick' ([\d,]+) more times", text)
    )
    assert summed > 0
    assert single + summed == 330


def test_json_lines_into_a_file_beside_the_console(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    with FuncApp(APP, args=["--json-output-file", str(file)]) as app:
        id = app.client.get("/api/levels").text
        app.wait_for("Executed 'Functions.levels'")
        assert app.stop() == 0
    told = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    (warning,) = (r for r in told if r["message"] == "shop.orders warning")
    assert warning["invocationId"] == id
    assert (warning["level"], warning["category"], warning["logger"], warning["function"]) == (
        "Warning",
        "Function.levels.User",
        "shop.orders",
        "levels",
    )
    assert "shop.orders warning" in app.output()
    assert any(r["message"] == "said at exit" for r in told)


def test_log_files_where_host_json_asks_for_them(tmp_path: Path) -> None:
    env = {
        "TMPDIR": str(tmp_path),
        "AzureFunctionsJobHost__logging__fileLoggingMode": "always",
    }
    with FuncApp(APP, env=env) as app:
        app.client.get("/api/levels")
        app.wait_for("Executed 'Functions.levels'")
        assert app.stop() == 0
    root = tmp_path / "LogFiles" / "Application" / "Functions"
    (of_function,) = (root / "Function" / "levels").iterdir()
    (of_host,) = (root / "Host").iterdir()
    assert "[Warning] shop.orders warning\n" in of_function.read_text()
    assert "[Information,levels] Executed 'Functions.levels' (Succeeded" in of_host.read_text()
