"""The host's own endpoints: /admin, /runtime/webhooks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lazulite.testing import AppClient, open_app
from tests.e2e.harness import APPS

BASE = "http://localhost:7071"


@pytest.fixture(scope="module")
def app() -> Iterator[AppClient]:
    with open_app(APPS / "keys", allow_errors=True) as it:
        yield it


def test_everyone_is_an_administrator_in_local_mode(app: AppClient) -> None:
    assert app.get("/api/private").text == "private"
    assert app.get("/api/guarded", headers={"x-functions-key": "no"}).text == "guarded"
    assert app.get("/api/off").text == "off"
    assert app.post("/admin/host/keys/mine").status_code == 201


def test_status(app: AppClient) -> None:
    status = app.get("/admin/host/status").json()
    assert status["state"] == "Running"
    assert status["id"]
    assert status["version"]
    assert status["processUptime"] >= 0
    assert "errors" not in status


def test_ping(app: AppClient) -> None:
    for method in ("GET", "POST"):
        answer = app.request(method, "/admin/host/ping")
        assert (answer.status_code, answer.content) == (200, b"")
    assert app.get("/admin/host/ping?checkHealth=1").status_code == 200


def test_functions(app: AppClient) -> None:
    functions = app.get("/admin/functions").json()
    assert [f["name"] for f in functions] == [
        "broken",
        "guarded",
        "odd",
        "off",
        "open_to_all",
        "other",
        "private",
    ]
    one = app.get("/admin/functions/OPEN_to_all").json()
    assert one in functions
    assert one["language"] == "python"
    assert one["isDisabled"] is False
    assert one["invoke_url_template"] == f"{BASE}/api/open"
    assert one["href"] == f"{BASE}/admin/functions/open_to_all"
    assert [b["type"] for b in one["config"]["bindings"]] == ["httpTrigger", "http"]
    assert app.get("/admin/functions/off").json()["isDisabled"] is True
    assert app.get("/admin/functions/odd").json()["invoke_url_template"] is None
    assert app.get("/admin/functions/nobody").status_code == 404


def test_function_status(app: AppClient) -> None:
    assert app.get("/admin/functions/guarded/status").json() == {}
    broken = app.get("/admin/functions/broken/status").json()
    assert "declared in Python but not in function.json: {'request'}" in broken["errors"][0]
    assert app.get("/admin/functions/nobody/status").status_code == 404


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
def test_a_run_by_hand(app: AppClient, path: str, body: str, status: int) -> None:
    answer = app.post(f"/admin/functions/{path}", content=body)
    assert (answer.status_code, answer.content) == (status, b"")


def test_a_run_by_hand_that_waits_tells_why_it_cannot_be(app: AppClient) -> None:
    outcome = app.post("/admin/functions/guarded?wait=1", json={"input": ""}).json()
    assert outcome["succeeded"] is False
    assert "URL" in outcome["error"]
    outcome = app.post("/admin/functions/odd?wait=1", json={"input": ""}).json()
    assert "made-up-trigger" in outcome["error"]


def test_configuration_and_state(app: AppClient) -> None:
    assert app.get("/admin/host/config").json()["version"] == "2.0"
    assert app.get("/admin/host/state").json() == {"state": "Running"}


def test_drain_and_resume(app: AppClient) -> None:
    status = "/admin/host/drain/status"
    assert app.get(status).json()["state"] == "Disabled"
    assert app.post("/admin/host/drain").status_code == 202
    drained = app.get(status).json()
    assert (drained["state"], drained["outstandingInvocations"]) == ("Completed", 0)
    assert app.post("/admin/host/resume").json() == {"state": "Running"}
    assert app.get(status).json()["state"] == "Disabled"


def test_what_is_drained_takes_no_messages() -> None:
    with open_app(APPS / "queues") as app:
        app.post("/admin/host/drain")
        app.queue("generic").send("x")
        assert app.queue("generic").length() == 1
        app.post("/admin/host/resume")
        app.settle()
        assert app.queue("generic").length() == 0


def test_synctriggers_is_for_the_platform(app: AppClient) -> None:
    answer = app.post("/admin/host/synctriggers")
    assert answer.status_code == 500
    assert answer.json() == {"status": "Invalid environment for SyncTriggers operation."}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_what_there_is_not(app: AppClient, method: str) -> None:
    assert app.request(method, "/admin/host/status").status_code == 404
    assert app.request(method, "/admin/nowhere").status_code == 404
    assert app.request(method, "/runtime/webhooks/nothing/x").status_code == 404
    assert app.request(method, "/runtime/").status_code == 404
