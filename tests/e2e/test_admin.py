"""The host's own endpoints: /admin, /runtime/webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import APPS, FuncApp


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FuncApp]:
    with FuncApp(APPS / "keys", copy_to=tmp_path_factory.mktemp("admin")) as it:
        yield it


def test_everyone_is_an_administrator_in_local_mode(app: FuncApp) -> None:
    assert app.client.get("/api/private").text == "private"
    assert app.client.get("/api/guarded", headers={"x-functions-key": "no"}).text == "guarded"
    assert app.client.get("/api/off").text == "off"
    made = app.client.post("/admin/host/keys/mine")
    assert made.status_code == 201


def test_status(app: FuncApp) -> None:
    status = app.client.get("/admin/host/status").json()
    assert status["state"] == "Running"
    assert status["id"]
    assert status["version"]
    assert status["processUptime"] >= 0
    assert "errors" not in status


def test_ping(app: FuncApp) -> None:
    for method in ("GET", "POST"):
        answer = app.client.request(method, "/admin/host/ping")
        assert (answer.status_code, answer.content) == (200, b"")
    assert app.client.get("/admin/host/ping?checkHealth=1").status_code == 200


def test_functions(app: FuncApp) -> None:
    functions = app.client.get("/admin/functions").json()
    assert [f["name"] for f in functions] == [
        "broken",
        "guarded",
        "odd",
        "off",
        "open_to_all",
        "other",
        "private",
    ]
    one = app.client.get("/admin/functions/OPEN_to_all").json()
    assert one in functions
    assert one["language"] == "python"
    assert one["isDisabled"] is False
    assert one["invoke_url_template"] == f"{app.url}/api/open"
    assert one["href"] == f"{app.url}/admin/functions/open_to_all"
    assert [b["type"] for b in one["config"]["bindings"]] == ["httpTrigger", "http"]
    assert app.client.get("/admin/functions/off").json()["isDisabled"] is True
    assert app.client.get("/admin/functions/odd").json()["invoke_url_template"] is None
    assert app.client.get("/admin/functions/nobody").status_code == 404


def test_function_status(app: FuncApp) -> None:
    assert app.client.get("/admin/functions/guarded/status").json() == {}
    broken = app.client.get("/admin/functions/broken/status").json()
    assert "declared in Python but not in function.json: {'request'}" in broken["errors"][0]
    assert app.client.get("/admin/functions/nobody/status").status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("guarded", '{"input": "x"}', 202),
        ("guarded", "{}", 202),
        ("guarded", "null", 400),
        ("guarded", "", 400),
        ("guarded", "[", 400),
        ("nobody", '{"input": "x"}', 404),
    ],
)
def test_a_run_by_hand(app: FuncApp, path: str, body: str, status: int) -> None:
    answer = app.client.post(f"/admin/functions/{path}", content=body)
    assert (answer.status_code, answer.content) == (status, b"")


def test_a_run_by_hand_that_waits_tells_why_it_cannot_be(app: FuncApp) -> None:
    outcome = app.client.post("/admin/functions/guarded?wait=1", json={"input": ""}).json()
    assert outcome["succeeded"] is False
    assert "URL" in outcome["error"]
    outcome = app.client.post("/admin/functions/odd?wait=1", json={"input": ""}).json()
    assert "made-up-trigger" in outcome["error"]


def test_configuration_and_processes(app: FuncApp) -> None:
    assert app.client.get("/admin/host/config").json()["version"] == "2.0"
    names = {p["processName"]: p["processId"] for p in app.client.get(PROCESSES).json()}
    assert names["host"] == app.process.pid
    assert names["worker 1"] in app.worker_pids
    assert app.client.get("/admin/host/state").json() == {"state": "Running"}


PROCESSES = "/admin/host/processes"


def test_drain_and_resume(app: FuncApp) -> None:
    status = "/admin/host/drain/status"
    assert app.client.get(status).json()["state"] == "Disabled"
    assert app.client.post("/admin/host/drain").status_code == 202
    while app.client.get(status).json()["state"] != "Completed":
        pass
    assert app.client.get(status).json()["outstandingInvocations"] == 0
    assert app.client.post("/admin/host/resume").json() == {"state": "Running"}
    assert app.client.get(status).json()["state"] == "Disabled"


def test_restart(tmp_path: Path) -> None:
    with FuncApp(APPS / "http", copy_to=tmp_path) as other:
        before = other.worker_pids
        answer = other.client.post("/admin/host/restart")
        assert answer.status_code == 200
        assert answer.json()["scriptPath"] == str(other.root)
        while set(other.worker_pids) & set(before):
            assert other.client.get("/api/answer/text").text == "plain"


def test_synctriggers_is_for_the_platform(app: FuncApp) -> None:
    answer = app.client.post("/admin/host/synctriggers")
    assert answer.status_code == 500
    assert answer.json() == {"status": "Invalid environment for SyncTriggers operation."}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_what_there_is_not(app: FuncApp, method: str) -> None:
    assert app.client.request(method, "/admin/host/status").status_code == 404
    assert app.client.request(method, "/admin/nowhere").status_code == 404
    assert app.client.request(method, "/runtime/webhooks/nothing/x").status_code == 404
    assert app.client.request(method, "/runtime/").status_code == 404


def test_an_app_that_cannot_be_loaded_says_so(tmp_path: Path) -> None:
    root = tmp_path / "bad"
    root.mkdir()
    (root / "host.json").write_text('{"version": "2.0"}')
    (root / "function_app.py").write_text("import azure.functions\n1 / 0\n")
    with FuncApp(root) as app:
        status = app.client.get("/admin/host/status").json()
        assert status["state"] == "Error"
        assert "ZeroDivisionError" in status["errors"][0]
        assert app.client.get("/admin/functions").json() == []
