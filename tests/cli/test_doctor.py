"""`func doctor`: sound apps pass, and each thing that is wrong is named with its place."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Func

APP = "import azure.functions as func\n\napp = func.FunctionApp()\n\n"


@pytest.fixture(autouse=True)
def _free_port(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever runs on this machine, the port is free; no variable of it reaches the app."""
    monkeypatch.setattr("lazulite.cli.diagnosis.DEFAULT_PORT", 0)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("AzureWebJobsStorage", raising=False)


def findings(func: Func, app: Path, code: int | None = None) -> list[dict[str, Any]]:
    done = func("doctor", "--json", cwd=app, code=code)
    report = json.loads(done.out)
    assert report["ok"] is (done.code == 0)
    found: list[dict[str, Any]] = report["findings"]
    return found


def only(found: list[dict[str, Any]], check: str) -> dict[str, Any]:
    matching = [f for f in found if f["check"] == check]
    assert len(matching) == 1, found
    return matching[0]


def test_a_new_app_has_no_functions_yet(func: Func, v2: Path) -> None:
    finding = only(findings(func, v2, code=0), "functions")
    assert finding["level"] == "warning"
    assert finding["mend"].startswith("func new")


def test_every_template_is_sound_v2(func: Func, v2: Path) -> None:
    for kind in ("http", "timer", "queue", "blob", "table"):
        func("new", "-t", kind, "-n", f"my_{kind}", cwd=v2)
    done = func("doctor", cwd=v2)
    assert done.out.endswith("All is well.\n")
    assert "my_http (httpTrigger), my_timer (timerTrigger)" in done.out
    assert f"({sys.executable})" in done.out


def test_every_template_is_sound_v1(func: Func, v1: Path) -> None:
    for kind in ("http", "timer", "queue", "blob", "table"):
        func("new", "-t", kind, "-n", f"my-{kind}", cwd=v1)
    assert func("doctor", cwd=v1).out.endswith("All is well.\n")


def test_nothing_is_left_behind(func: Func, v2: Path) -> None:
    func("new", "-t", "http", "-n", "hello", cwd=v2)
    before = {p: p.stat().st_mtime_ns for p in v2.rglob("*")}
    func("doctor", cwd=v2)
    assert before == {p: p.stat().st_mtime_ns for p in v2.rglob("*")}


@pytest.mark.parametrize(
    ("code", "check", "said", "line"),
    [
        ("import nowhere_at_all\n", "imports", "No module named 'nowhere_at_all'", 5),
        ("def broken(:\n", "imports", "SyntaxError", 5),
        ("raise SystemExit(3)\n", "imports", "SystemExit: 3", 5),
        ("import os; os._exit(9)\n", "imports", "ended with code 9", None),
        (
            '@app.route()\ndef one(req, more):\n    return ""\n',
            "functions",
            "the following parameters are declared in Python but not in function.json",
            None,
        ),
        (
            '@app.schedule(arg_name="t", schedule="99 * * * * *")\ndef one(t) -> None: ...\n',
            "schedule",
            "'99 * * * * *' was not recognized",
            None,
        ),
        (
            '@app.schedule(arg_name="t", schedule="%WHEN%")\ndef one(t) -> None: ...\n',
            "functions",
            "'%WHEN%' does not resolve to a value.",
            None,
        ),
        (
            '@app.queue_trigger(arg_name="m", queue_name="q", connection="Bus")\n'
            "def one(m) -> None: ...\n",
            "connections",
            "Bus",
            None,
        ),
        (
            '@app.event_grid_trigger(arg_name="e")\ndef one(e) -> None: ...\n',
            "bindings",
            "'eventGridTrigger' are not registered",
            None,
        ),
        (
            '@app.route(route="x/")\ndef one(req): return ""\n'
            '@app.route(route="X", methods=["GET"])\ndef two(req): return ""\n',
            "routes",
            "The route specified conflicts with the route defined by function 'one'.",
            None,
        ),
    ],
    ids=lambda value: str(value)[:25] if isinstance(value, str) else "",
)
def test_what_is_wrong_in_the_code(
    func: Func, v2: Path, code: str, check: str, said: str, line: int | None
) -> None:
    (v2 / "function_app.py").write_text(APP + code)
    finding = only(findings(func, v2, code=1), check)
    assert finding["level"] == "error"
    assert said in finding["message"]
    if line:
        assert f"{v2 / 'function_app.py'}:{line}" in finding["where"]


def test_printing_at_import_does_not_disturb(func: Func, v2: Path) -> None:
    code = 'print("hi" * 100000)\n@app.route()\ndef one(req): return ""\n'
    (v2 / "function_app.py").write_text(APP + code)
    assert findings(func, v2, code=0) == []


def test_one_broken_v1_function_does_not_hide_another(func: Func, v1: Path) -> None:
    for name in ("good", "bad", "worse"):
        func("new", "-t", "http", "-n", name, cwd=v1)
    (v1 / "bad" / "__init__.py").write_text("\nx = 1 / 0\n")
    (v1 / "worse" / "function.json").write_text('{"bindings": [}')
    found = findings(func, v1, code=1)
    assert len(found) == 2
    assert "ZeroDivisionError" in only(found, "imports")["message"]
    assert f"{v1 / 'bad' / '__init__.py'}:2" in only(found, "imports")["where"]
    assert f"{v1 / 'worse' / 'function.json'}:1:15" in only(found, "functions")["message"]


def test_missing_and_wrong_packages(func: Func, v2: Path) -> None:
    func("new", "-t", "http", "-n", "hello", cwd=v2)
    (v2 / "requirements.txt").write_text(
        "azure.Functions>=1  # any\nnot-there-at-all[x]\nclick==0.1\n"
        "some-other; sys_platform == 'plan9'\nx @ https://example.com/x.whl\n-r more.txt\n"
    )
    found = findings(func, v2, code=1)
    assert [(f["check"], f["level"]) for f in found] == [
        ("packages", "error"),
        ("packages", "warning"),
    ]
    assert found[0]["message"] == "not-there-at-all is not installed."
    assert found[0]["where"] == f"{v2 / 'requirements.txt'}:2"
    assert "-m pip install -r" in found[0]["mend"]


def test_files(func: Func, v2: Path) -> None:
    func("new", "-t", "http", "-n", "hello", cwd=v2)
    (v2 / "host.json").unlink()
    (v2 / "requirements.txt").unlink()
    (v2 / "queue.py").write_text("")
    (v2 / "old").mkdir()
    (v2 / "old" / "function.json").write_text("{}")
    found = findings(func, v2, code=0)
    said = [f["message"] for f in found]
    assert {f["level"] for f in found} == {"warning"}
    for word in ("no host.json", "no requirements.txt", "'queue' is also", "ignored: old."):
        assert len([s for s in said if word in s]) == 1
    (v2 / "azure").mkdir()
    (v2 / "azure" / "__init__.py").write_text("")
    assert any("'azure' hides" in f["message"] for f in findings(func, v2, code=1))


@pytest.mark.parametrize(
    ("text", "check", "where"),
    [
        ('{"version": "2.0",\n "functionTimeout": "soon"}', "configuration", "host.json:2:"),
        ('{"version" "2.0"}', "configuration", "host.json:1:"),
        ('{"version": "3.0"}', "configuration", "host.json:1:"),
    ],
)
def test_host_json(func: Func, v2: Path, text: str, check: str, where: str) -> None:
    (v2 / "host.json").write_text(text)
    assert where in only(findings(func, v2, code=1), check)["where"]


def test_settings(func: Func, v2: Path) -> None:
    func("new", "-t", "http", "-n", "hello", cwd=v2)
    settings = v2 / "local.settings.json"
    settings.write_text('{"Values": {"A": {}}}')
    assert "'Values.A'" in only(findings(func, v2, code=1), "settings")["message"]
    settings.write_text("{")
    assert "valid JSON" in only(findings(func, v2, code=1), "settings")["message"]
    settings.write_text('{"Values": {"FUNCTIONS_WORKER_RUNTIME": "node"}}')
    assert "node" in only(findings(func, v2, code=1), "configuration")["message"]


def test_secrets_in_the_repository(func: Func, v2: Path) -> None:
    func("new", "-t", "http", "-n", "hello", cwd=v2)
    subprocess.run(["git", "init", "-q"], cwd=v2, check=True)
    assert findings(func, v2, code=0) == []
    subprocess.run(["git", "add", "-f", "local.settings.json"], cwd=v2, check=True)
    assert "git rm --cached" in only(findings(func, v2, code=0), "settings")["mend"]


def test_no_storage_is_a_note(func: Func, v2: Path) -> None:
    func("new", "-t", "queue", "-n", "take", cwd=v2)
    func("settings", "delete", "AzureWebJobsStorage", cwd=v2)
    finding = only(findings(func, v2, code=0), "connections")
    assert finding["level"] == "note"
    assert "embedded store" in finding["message"]


def test_members_of_a_binding_are_checked_as_at_a_start(func: Func, v1: Path) -> None:
    func("new", "-t", "queue", "-n", "take", cwd=v1)
    file = v1 / "take" / "function.json"
    file.write_text(file.read_text().replace("queueName", "queueNames"))
    finding = only(findings(func, v1, code=1), "bindings")
    assert "queueName" in finding["message"]
    assert f"{file}:4:" in finding["message"]


def test_options_of_a_binding_are_checked(func: Func, v2: Path) -> None:
    func("new", "-t", "queue", "-n", "take", cwd=v2)
    host = json.loads((v2 / "host.json").read_text())
    host["extensions"] = {"queues": {"batchSize": "many"}}
    (v2 / "host.json").write_text(json.dumps(host))
    assert "batchSize" in only(findings(func, v2, code=1), "bindings")["message"]


def test_an_account_needs_its_packages(
    func: Func, v2: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    func("new", "-t", "queue", "-n", "take", "--connection", "Bus", cwd=v2)
    account = f"AccountName=some;AccountKey={'a' * 43}="
    func("settings", "add", "Bus", account, cwd=v2)
    assert findings(func, v2, code=0) == []
    monkeypatch.setattr("lazulite.stores.accounts._is_installed", lambda package: False)
    finding = only(findings(func, v2, code=1), "connections")
    assert "needs the Azure SDKs" in finding["message"]
    assert "lazulite[azure]" in finding["mend"]
    assert "function 'take'" in finding["where"]


def test_a_taken_port(func: Func, v2: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    func("new", "-t", "http", "-n", "hello", cwd=v2)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setattr("lazulite.cli.diagnosis.DEFAULT_PORT", taken.getsockname()[1])
        finding = only(findings(func, v2, code=0), "port")
    assert "is in use" in finding["message"]
    assert "--port" in finding["mend"]


def test_an_interpreter_that_does_not_exist(func: Func, v2: Path) -> None:
    done = func("doctor", "--python", "/nowhere/python", cwd=v2, code=1)
    assert "[interpreter]" in done.out
    assert "/nowhere/python" in done.out
    assert done.out.endswith("1 error.\n")
