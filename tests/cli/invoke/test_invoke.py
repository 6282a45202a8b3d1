"""`func invoke` against real hosts: a running one, and one started for the call."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lazulite.host import runtime_file
from tests.cli.conftest import Done, Func
from tests.e2e.harness import APPS, PATIENCE, FuncApp, environment

SLOW = """
import os, pathlib, time
import azure.functions as func
app = func.FunctionApp()

@app.route()
def slow(req: func.HttpRequest) -> str:
    pathlib.Path("pid").write_text(str(os.getpid()))
    time.sleep(600)
    return ""
"""


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(APPS / "calls", tmp_path_factory.mktemp("app") / "calls"))


@pytest.fixture(scope="module", params=["running", "not running"])
def root(request: pytest.FixtureRequest, calls: Path) -> Iterator[Path]:
    """The app's folder, while a host serves it or while none does."""
    if request.param == "not running":
        yield calls
        return
    with FuncApp(calls) as app:
        app.wait_for("For detailed output")
        yield calls


def result(done: Done) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.out)
    return found


def test_an_http_function(func: Func, root: Path) -> None:
    done = func(
        *["invoke", "ITEMS", "-p", "id=7", "-p", "part=x y", "-q", "a=1", "-H", "x-mark: here"],
        *["--data", '{"tea": 2}', "-i"],
        cwd=root,
    )
    assert json.loads(done.out) == {
        "method": "PUT",
        "route": {"id": "7", "part": "x y"},
        "query": {"a": "1"},
        "type": "application/json",
        "mark": "here",
        "body": '{"tea": 2}',
    }
    assert "items was called" in done.err
    assert "printed by items" in done.err
    assert "HTTP 200 OK (" in done.err
    assert "content-type: application/json" in done.err.lower()


def test_an_http_function_as_json(func: Func, root: Path) -> None:
    found = result(func("run", "items", "-p", "id=7", "--json", cwd=root))
    assert found["succeeded"] is True
    assert found["invocationId"]
    assert found["response"]["status"] == 200
    assert json.loads(found["response"]["body"])["method"] == "GET"
    logs = [(log["message"], log["printed"]) for log in found["logs"]]
    assert sorted(logs) == [("items was called", False), ("printed by items", True)]


def test_bytes_stay_what_they_are(func: Func, root: Path, tmp_path: Path) -> None:
    content = bytes(range(256))
    (tmp_path / "content").write_bytes(content)
    found = result(func("invoke", "raw", "-d", f"@{tmp_path}/content", "--json", cwd=root))
    assert found["response"]["status"] == 201
    import base64

    assert base64.b64decode(found["response"]["bodyBase64"]) == content


def test_a_failing_http_function(func: Func, root: Path) -> None:
    done = func("invoke", "broken", cwd=root, code=1)
    assert "about to break" in done.err
    assert "RuntimeError: it broke" in done.err
    assert "function_app.py" in done.err  # the user's stack
    assert "HTTP 500" in done.err


def test_a_queue_function_and_its_outputs(func: Func, root: Path) -> None:
    done = func("invoke", "take_order", "--data", "two teas", cwd=root)
    assert done.out == "$return = done: two teas\n"
    assert "took two teas" in done.err
    assert "Succeeded (" in done.err
    peeked = func("storage", "queue", "peek", "done", cwd=root).out
    assert "done: two teas" in peeked


def test_a_failing_queue_function(func: Func, root: Path) -> None:
    found = result(func("invoke", "take_order", "-d", "bad", "--json", cwd=root, code=1))
    assert found["succeeded"] is False
    assert "a bad order" in found["error"]
    assert 'raise ValueError("a bad order")' in found["stack"]
    assert [log["message"] for log in found["logs"]] == ["took bad"]


def test_what_cannot_be_called(func: Func, root: Path) -> None:
    assert "Did you mean 'items'?" in func("invoke", "itemz", cwd=root, code=1).err
    assert "-p id=VALUE" in func("invoke", "items", cwd=root, code=1).err
    assert "is no HTTP function" in func("invoke", "take_order", "-X", "GET", cwd=root, code=1).err


def test_the_host_is_found_while_it_runs_only(func: Func, calls: Path, tmp_path: Path) -> None:
    path = runtime_file.place(str(calls))
    with FuncApp(calls) as app:
        app.wait_for("For detailed output")
        found = runtime_file.read(path)
        assert found is not None
        assert found.url == app.url
        func("invoke", "items", "-p", "id=1", cwd=calls)
        app.wait_for("Executed 'Functions.items' (Succeeded")  # it was this host that ran it
        done = func("invoke", "items", "-p", "id=1", "--url", app.url, cwd=tmp_path)
        assert json.loads(done.out)["route"] == {"id": "1"}
        assert app.stop() == 0
    assert not Path(path).exists()
    assert "does not answer" in func("invoke", "items", "--url", app.url, cwd=calls, code=1).err


def test_keys_that_the_host_wants_are_found(func: Func, calls: Path, tmp_path: Path) -> None:
    with FuncApp(calls, args=["--enableAuth"]) as app:
        app.wait_for("For detailed output")
        func("invoke", "items", "-p", "id=1", cwd=calls)
        made = func("keys", "set", "partner", "--function", "items", cwd=calls).out.splitlines()[1]
        at_url = {"headers": {"x-functions-key": made}}
        assert app.client.get("/api/items/1", **at_url).status_code == 200  # type: ignore[arg-type]
        shown = func("keys", "show", "partner", "--function", "items", cwd=calls).out
        assert shown == f"{made}\n"
        func("keys", "delete", "partner", "--function", "items", cwd=calls)
        assert app.client.get("/api/items/1", **at_url).status_code == 401  # type: ignore[arg-type]
        assert "no function 'x'" in func("keys", "list", "--function", "x", cwd=calls, code=1).err
        elsewhere = func("keys", "list", "--url", app.url, cwd=tmp_path, code=1).err
        assert "wants its master key" in elsewhere
        master = func("keys", "show", "_master", cwd=calls).out.strip()
        listed = func("keys", "list", "--url", app.url, "--key", master, cwd=tmp_path).out
        assert "default = *****" in listed


def test_an_app_that_does_not_start(func: Func, v2: Path) -> None:
    (v2 / "function_app.py").write_text("import nothing_like_it\n")
    err = func("invoke", "hello", cwd=v2, code=1).err
    assert "There is no function 'hello'" in err
    (v2 / "host.json").write_text("{")
    err = func("invoke", "hello", cwd=v2, code=1).err
    assert "host.json" in err
    assert "func doctor" in err


def test_a_host_that_serves_https(func: Func, calls: Path) -> None:
    with FuncApp(calls, args=["--useHttps"]) as app:
        app.wait_for("For detailed output")
        found = runtime_file.read(runtime_file.place(str(calls)))
        assert found is not None
        assert found.url.startswith("https://")
        done = func("invoke", "items", "-p", "id=1", cwd=calls)
        assert json.loads(done.out)["route"] == {"id": "1"}
        app.wait_for("Executed 'Functions.items' (Succeeded")


def test_calls_at_the_same_time_are_not_mistaken_for_one(func: Func, calls: Path) -> None:
    with FuncApp(calls) as app:
        first = subprocess.Popen(
            [sys.executable, "-m", "lazulite.cli", "invoke", "gate", "-p", "who=first", "--json"],
            cwd=calls,
            stdout=subprocess.PIPE,
        )
        wait_until((calls / "first.arrived").exists)
        second = result(
            func("run", "gate", "-p", "who=second", "-q", "open=1", "--json", cwd=calls)
        )
        out, _ = first.communicate(timeout=PATIENCE)
        assert app.stop() == 0
    assert [log["message"] for log in second["logs"]] == ["second is at the gate"]
    assert "note" not in second
    found = json.loads(out)
    messages = [log["message"] for log in found["logs"]]
    assert messages == ["first is at the gate", "second is at the gate"]
    assert "Others called 'gate' at the same time" in found["note"]
    assert found["invocationId"] is None


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_ctrl_c_ends_the_host_of_the_call(v2: Path) -> None:
    (v2 / "function_app.py").write_text(SLOW)
    command = [sys.executable, "-m", "lazulite.cli", "invoke", "slow"]
    env = {name: value for name, value in environment().items() if value is not None}
    calling = subprocess.Popen(command, cwd=v2, stderr=subprocess.PIPE, env=env)
    wait_until(lambda: (v2 / "pid").exists() and bool((v2 / "pid").read_text()))
    worker = int((v2 / "pid").read_text())
    calling.send_signal(signal.SIGINT)
    _, err = calling.communicate(timeout=PATIENCE)
    assert calling.returncode == 1
    assert err.strip() == b"Interrupted."
    wait_until(lambda: not is_alive(worker))
    assert not list((v2 / ".lazulite").glob("host*.json"))


def is_alive(pid: int) -> bool:
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return bool(done.stdout.strip()) and "Z" not in done.stdout
