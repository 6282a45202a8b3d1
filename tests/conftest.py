"""Fixtures for all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.azurite import running_azurite


@pytest.fixture(scope="session")
def azurite() -> Iterator[str]:
    """The connection string of an Azurite that serves the whole session."""
    with running_azurite() as connection_string:
        yield connection_string
