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
