"""The guide's examples in process: what their README says of them, request by request."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from lazulite.testing import open_app

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
GUIDE = EXAMPLES / "guide"
ROW = re.compile(r"^\| `(\w+) (\S+)(?: (\{.*\}))?` \| (\d+) \| `(.*)` \|", re.M)


class Line(NamedTuple):
    method: str
    path: str
    body: str
    status: int
    answer: str


def lines(section: int) -> list[Line]:
    """The rows of the README's table number `section` (0 = of both models, 1 = of folders)."""
    tables = re.split(r"\n\n(?=\| request)", (GUIDE / "README.md").read_text())[1:]
    return [
        Line(method, path, body, int(status), answer)
        for method, path, body, status, answer in ROW.findall(tables[section])
    ]


@pytest.mark.parametrize("model", ["v1/__app__", "v2"])
def test_each_request_of_the_readme_is_answered(model: str) -> None:
    rows = lines(0)
    assert len(rows) >= 20
    with open_app(GUIDE / model) as app:
        for row in rows:
            answer = app.request(
                row.method,
                row.path,
                content=row.body or None,
                headers={"content-type": "application/json"} if row.body else {},
            )
            wanted = re.escape(row.answer).replace("…", ".+")
            assert re.fullmatch(wanted, answer.text), row.path
            assert answer.status_code == row.status


@pytest.mark.parametrize("model", ["v1/__app__", "v2"])
def test_the_timer_fires_in_time(model: str) -> None:
    with open_app(GUIDE / model) as app:
        app.advance(timedelta(days=2))

        fired = [record for record in app.invocations if "imer" in record.reason]
        assert len(fired) >= 2
        assert all(record.ok for record in fired)
