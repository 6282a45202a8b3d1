from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lazulite.testing import AppClient, open_app

APPS = Path(__file__).parent.parent / "apps"
KIT = APPS / "kit"


@pytest.fixture
def client() -> Iterator[AppClient]:
    with open_app(KIT) as client:
        yield client


@pytest.fixture(scope="session")
def process() -> Iterator[AppClient]:
    with open_app(KIT, process=True) as client:
        yield client


@pytest.fixture(scope="session")
def http_process() -> Iterator[AppClient]:
    """The kit app without triggers: there is nothing to wait for after a request."""
    with open_app(KIT, triggers=False) as client:
        names = [name for name, spec in client.functions.items() if spec.is_http]
    with open_app(KIT, process=True, functions=names) as client:
        yield client


@pytest.fixture(params=["in process", "func start"])
def either(request: pytest.FixtureRequest) -> AppClient:
    """The kit app, opened both ways."""
    name = "client" if request.param == "in process" else "process"
    client: AppClient = request.getfixturevalue(name)
    return client


@pytest.fixture(params=["in process", "func start"])
def either_http(request: pytest.FixtureRequest) -> AppClient:
    """`either` for requests that lead to nothing more."""
    name = "client" if request.param == "in process" else "http_process"
    client: AppClient = request.getfixturevalue(name)
    return client
