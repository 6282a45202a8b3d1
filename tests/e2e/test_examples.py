"""An example over a process: what its README says, request by request."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator

import pytest

from tests.e2e.harness import PATIENCE, FuncApp
from tests.integration.test_examples import GUIDE, Line, lines


def wait_for_item(app: FuncApp, path: str) -> None:
    """The queue's function writes the blob in its own time."""
    deadline = time.monotonic() + PATIENCE
    while app.client.get(path).text.startswith("no item") and time.monotonic() < deadline:
        app.client.get("/admin/host/ping")


def check(app: FuncApp, line: Line) -> None:
    response = app.client.request(
        line.method,
        line.path,
        content=line.body or None,
        headers={"content-type": "application/json"} if line.body else {},
    )
    wanted = re.escape(line.answer).replace("…", ".+")
    assert re.fullmatch(wanted, response.text), f"{line.path}: {response.text}"
    assert response.status_code == line.status


@pytest.fixture(scope="module")
def guide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FuncApp]:
    with FuncApp(GUIDE / "v2", copy_to=tmp_path_factory.mktemp("guide")) as app:
        yield app


def test_each_request_of_the_readme_is_answered(guide: FuncApp) -> None:
    assert len(lines(0)) >= 20
    for line in lines(0):
        if line.answer.startswith("stored "):
            wait_for_item(guide, line.path)
        check(guide, line)
    assert json.loads(guide.client.get("/admin/host/status").text)["state"] == "Running"


def test_the_five_levels_are_on_the_console(guide: FuncApp) -> None:
    guide.client.get("/api/Logs")
    for level in ("critical", "error", "warning", "info"):
        guide.wait_for(f"logs: {level}")
