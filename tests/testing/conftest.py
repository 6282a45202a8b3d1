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


@pytest.fixture(scope="module")
def process() -> Iterator[AppClient]:
    with open_app(KIT, process=True) as client:
        yield client


@pytest.fixture(params=["in process", "func start"])
def either(request: pytest.FixtureRequest) -> AppClient:
    """The kit app, opened both ways."""
    name = "client" if request.param == "in process" else "process"
    client: AppClient = request.getfixturevalue(name)
    return client
