"""Queues from end to end, on a machine with no storage settings at all."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import APPS, FuncApp
from tests.e2e.stores import bodies, put, wait_until_empty


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FuncApp]:
    folder = tmp_path_factory.mktemp("queues")
    with FuncApp(APPS / "queues", copy_to=folder) as running:
        yield running


def test_a_request_leads_to_messages_and_log_lines(app: FuncApp) -> None:
    order = json.dumps({"to": "me", "bills": 2})
    assert app.client.get("/api/orders", params={"order": order}).text == "taken"
    app.wait_for("paid bill 0")
    app.wait_for("paid bill 1")
    app.wait_for(re.compile(r"read: order [-0-9a-f]{36} of UTC, 1"))
    app.wait_for("(Reason='New queue message detected on 'orders'.', Id=")


def test_the_log_says_where_the_files_are(app: FuncApp) -> None:
    app.wait_for("The embedded store serves storage (AzureWebJobsStorage is not set).")
    assert f"Its files are in {app.root}/.lazulite" in app.output()


def test_a_missing_connection_is_named_with_function_and_binding(app: FuncApp) -> None:
    app.wait_for("The 'broken' function is in error")
    assert "function 'broken', binding 'out'" in app.output()
    assert "'AzureWebJobsNotThere' does not exist" in app.output()


def test_function_json_declares_the_same(tmp_path: Path) -> None:
    with FuncApp(APPS / "queues_v1", copy_to=tmp_path, env={"INPUT": "Incoming"}) as app:
        put(app.root, "incoming", [b"\xfe"])
        app.wait_for(r"copy b'\xfe!', attempt 1 of 1")
        wait_until_empty(app.root, "copies")
        assert bodies(app.root, "incoming") == []
        assert app.stop() == 0
    assert "Traceback (most recent call last)" in app.output()
    assert "lazulite/host" not in app.output()
