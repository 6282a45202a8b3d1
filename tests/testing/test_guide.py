"""The guide's examples in process: what their README says of them, request by request."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from lazulite.testing import open_app
from tests.e2e.test_examples import GUIDE, lines


@pytest.mark.parametrize("model", ["v1/__app__", "v2"])
def test_each_request_of_the_readme_is_answered(model: str) -> None:
    rows = lines(0)
    assert len(rows) >= 20
    with open_app(GUIDE / model) as app:
        for row in rows:
            answer = app.request(row.method, row.path, content=row.body or None)
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
