"""The test kit: a function app's whole behaviour, in process or over `func start`.

    with open_app("my_app") as client:
        assert client.get("/api/items/7").json() == {"id": 7}

Importing this package imports nothing else: names are looked up when they are first used, because
pytest imports the plugin below at every start.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lazulite.testing.aio import AsyncAppClient
    from lazulite.testing.case import FunctionAppTestCase
    from lazulite.testing.client import AppClient
    from lazulite.testing.clock import ManualClock
    from lazulite.testing.open import open_app, open_app_async
    from lazulite.testing.records import Failure, Invocation, LogRecord
    from lazulite.testing.response import Response

__all__ = [
    "AppClient",
    "AsyncAppClient",
    "Failure",
    "FunctionAppTestCase",
    "Invocation",
    "LogRecord",
    "ManualClock",
    "Response",
    "open_app",
    "open_app_async",
]

_PLACES = {
    "AppClient": "client",
    "AsyncAppClient": "aio",
    "Failure": "records",
    "FunctionAppTestCase": "case",
    "Invocation": "records",
    "LogRecord": "records",
    "ManualClock": "clock",
    "Response": "response",
    "open_app": "open",
    "open_app_async": "open",
}


def __getattr__(name: str) -> Any:
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{place}"), name)
