from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from lazulite.errors import UsageError
from lazulite.testing import AppClient, open_app
from tests.testing.conftest import KIT
from tests.testing.test_isolation import make_app

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)


def test_time_stands_still() -> None:
    with open_app(KIT, now=NOON) as client:
        client.get("/api/items/1")

        assert client.now == NOON


def test_a_timer_fires_at_each_of_its_occurrences() -> None:
    with open_app(KIT, now=NOON) as client:
        client.advance(minutes=59, seconds=59)
        assert client.queue("ticks").messages() == []

        client.advance(seconds=1)
        assert client.queue("ticks").messages() == ["tick"]

        client.advance(timedelta(days=1))
        assert client.queue("ticks").messages() == ["tick"] * 25
        assert client.now == NOON + timedelta(days=1, hours=1)


EVERY_SECOND = (
    "@app.timer_trigger('timer', '* * * * * *')\ndef tick(timer: func.TimerRequest) -> None: ...\n"
)


def test_a_timer_that_writes_nothing_and_keeps_no_status(tmp_path: Path) -> None:
    app = make_app(tmp_path / "app", EVERY_SECOND)
    with open_app(app, now=NOON, patience=1.0) as client:
        client.advance(minutes=5)
        assert len(client.invocations) == 300


@pytest.mark.parametrize(
    "off", [{"settings": {"AzureWebJobs.tick.Disabled": "1"}}, {"triggers": False}]
)
def test_a_timer_that_is_off_takes_no_time(tmp_path: Path, off: Any) -> None:
    app = make_app(tmp_path / "app", EVERY_SECOND)
    with open_app(app, now=NOON, patience=1.0, **off) as client:
        client.advance(days=10_000)
        assert client.invocations == []


def test_a_timer_fired_by_hand(either: AppClient) -> None:
    record = either.timer("hourly").fire()

    assert record.outputs == {"$return": "tick"}
    assert either.queue("ticks").receive() == ["tick"]


def test_a_timer_fired_late_and_at_another_time() -> None:
    with open_app(KIT, now=NOON) as client:
        client.timer("hourly").fire(at=NOON - timedelta(days=1), past_due=True)

        assert client.queue("ticks").messages() == ["late"]
        assert client.now == NOON


def test_a_hidden_message_comes_when_it_is_due() -> None:
    with open_app(KIT, now=NOON) as client:
        client.queue("orders").send("later", delay=600)
        assert client.queue("done").messages() == []

        client.travel_to(NOON + timedelta(minutes=9))
        assert client.queue("done").messages() == []
        assert client.queue("orders").length() == 1

        client.advance(minutes=1)
        assert client.queue("done").messages() == ["done: later"]


def test_messages_that_failed_come_back_when_their_time_is_over() -> None:
    settings = {"AzureFunctionsJobHost__extensions__queues__visibilityTimeout": "00:05:00"}
    with open_app(KIT, settings=settings, now=NOON) as client:
        client.queue("orders").send("bad", raise_exceptions=False)
        assert len(client.invocations) == 1

        client.advance(minutes=5, raise_exceptions=False)
        assert len(client.invocations) == 2

        client.advance(hours=1, raise_exceptions=False)
        assert client.queue("orders").poison.messages() == ["bad"]


def test_a_process_has_the_machines_clock(process: AppClient) -> None:
    with pytest.raises(UsageError, match="machine's clock"):
        process.advance(hours=1)
    with pytest.raises(UsageError, match="machine's clock"):
        process.timer("hourly").fire(at=NOON)
