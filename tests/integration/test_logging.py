"""Records of user code belong to their invocation, whole, wherever they come from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lazulite.testing import AppClient, open_app
from tests.e2e.harness import APPS

LOGGING = "AzureFunctionsJobHost__logging__logLevel__"


@pytest.fixture
def app() -> Iterator[AppClient]:
    with open_app(APPS / "logging") as client:
        yield client


def levels(app: AppClient, logger: str) -> list[str]:
    words = [message.partition(" ") for message in app.invocations[-1].messages]
    return [level for name, _, level in words if name == logger]


def test_levels_and_loggers(app: AppClient) -> None:
    id = app.get("/api/levels").text

    (record,) = app.invocations
    assert (record.id, record.ok) == (id, True)
    assert record.reason == "This function was programmatically called via the host APIs."
    for logger in ("root", "shop.orders"):
        assert levels(app, logger) == ["info", "warning", "error", "critical"]
    (warning,) = (r for r in record.logs if r.message == "shop.orders warning")
    assert (warning.level, warning.category, warning.logger, warning.function) == (
        "Warning",
        "Function.levels.User",
        "shop.orders",
        "levels",
    )
    assert "said while importing" in [r.message for r in app.logs if not r.invocation_id]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({f"{LOGGING}default": "Debug"}, ["debug", "info", "warning", "error", "critical"]),
        ({f"{LOGGING}default": "Error"}, ["error", "critical"]),
        (
            {"PYTHON_ENABLE_DEBUG_LOGGING": "0", f"{LOGGING}default": "Debug"},
            ["info", "warning", "error", "critical"],
        ),
        ({f"{LOGGING}default": "Warning"}, ["warning", "error", "critical"]),
        ({f"{LOGGING}default": "Critical"}, ["critical"]),
    ],
)
def test_level_filters(settings: dict[str, str], expected: list[str]) -> None:
    with open_app(APPS / "logging", settings=settings) as app:
        app.get("/api/levels")
        assert levels(app, "shop.orders") == expected


def test_threads_executors_and_tasks_belong_to_the_invocation(app: AppClient) -> None:
    app.get("/api/elsewhere")

    (record,) = app.invocations
    for where in ("thread", "pool", "to_thread", "executor", "task"):
        assert f"from {where}" in record.messages


def test_records_after_the_answer_still_belong_to_it(app: AppClient) -> None:
    id = app.get("/api/background").text
    app.settle()

    (record,) = app.invocations
    assert record.id == id
    assert record.messages == ["said after the answer"]


def test_many_invocations_are_all_told(app: AppClient) -> None:
    for number in range(100):
        app.get(f"/api/quick?say=n{number}")
        app.get(f"/api/quick?fail=n{number}", raise_exceptions=False)

    assert len(app.invocations) == 200
    assert [r.messages for r in app.invocations if r.ok] == [[f"said n{n}"] for n in range(100)]
    assert [str(r.error) for r in app.failures] == [f"failed n{n}" for n in range(100)]
