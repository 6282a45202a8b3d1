"""Queues and a timer: what messages and outputs lead to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from lazulite.testing import AppClient, Invocation, open_app
from tests.e2e.harness import APPS


@pytest.fixture
def app() -> Iterator[AppClient]:
    with open_app(APPS / "queues") as client:
        yield client


def runs(app: AppClient, function: str) -> list[Invocation]:
    return [record for record in app.invocations if record.function == function]


def test_a_request_leads_to_messages_and_log_lines(app: AppClient) -> None:
    order = json.dumps({"to": "me", "bills": 2})

    assert app.get("/api/orders", params={"order": order}).text == "taken"

    assert sorted(run.messages[0] for run in runs(app, "pay")) == ["paid bill 0", "paid bill 1"]
    (split,) = runs(app, "split")
    assert split.reason == "New queue message detected on 'orders'."
    assert [bill["body"] for bill in split.outputs["bills"]] == ["bill 0", "bill 1"]
    assert re.fullmatch(r"order [-0-9a-f]{36} of UTC, 1", split.outputs["notes"])
    assert runs(app, "read")[-1].messages == [f"read: {split.outputs['notes']}"]
    assert app.queue("orders").length() == 0


def test_a_message_that_fails_is_tried_again_and_buried(app: AppClient) -> None:
    app.queue("refused").send("this", raise_exceptions=False)

    assert [str(run.error) for run in runs(app, "refuse")] == ["not this"] * 2
    (buried,) = runs(app, "bury")
    assert buried.messages == ["buried this"]
    assert (
        "Message has reached MaxDequeueCount of 2. Moving message to queue 'refused-poison'."
        in [record.message for record in app.logs]
    )


def test_retries_tell_the_function_which_attempt_it_is(app: AppClient) -> None:
    app.queue("flaky").send("one")

    assert [run.messages for run in runs(app, "flaky")] == [
        [f"attempt {number} of 2 on one"] for number in range(3)
    ]
    assert runs(app, "flaky")[-1].ok


def test_generic_bindings(app: AppClient) -> None:
    app.queue("generic").send(b"\xff")

    assert runs(app, "read")[-1].messages == [r"read: generic b'\xff'"]


def test_a_timer_runs_at_the_start(app: AppClient) -> None:
    assert [run.messages for run in runs(app, "read")] == [
        ["read: timer False ['Last', 'LastUpdated', 'Next']"]
    ]


def test_a_run_by_hand(app: AppClient) -> None:
    assert app.run("read", "by hand").messages == ["read: by hand"]
    clock = app.run("clock")
    assert clock.reason == "This function was programmatically called via the host APIs."
    assert [run.messages[0][:17] for run in runs(app, "read")[-2:]] == [
        "read: by hand",
        "read: timer False",
    ]


def test_a_run_by_hand_over_the_admin_api(app: AppClient) -> None:
    assert app.post("/admin/functions/read", json={"input": "by hand"}).status_code == 202
    assert runs(app, "read")[-1].messages == ["read: by hand"]
    answer = app.post("/admin/functions/clock?wait=1", json={"input": ""})
    assert answer.json()["succeeded"]


def test_function_json_declares_the_same() -> None:
    with open_app(APPS / "queues_v1", settings={"INPUT": "Incoming"}) as app:
        app.queue("incoming").send(b"\xfe")

        assert app.queue("incoming").length() == app.queue("copies").length() == 0
        first, second = runs(app, "Retried")
        assert first.messages == [r"copy b'\xfe!', attempt 0 of 1"]
        assert second.messages == [r"copy b'\xfe!', attempt 1 of 1"]
        assert isinstance(first.error, ValueError)
