"""Every store contract runs over every implementation."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from lazulite.abc import Account
from lazulite.config.storage import parse_connection_string
from lazulite.stores.azure.account import open_azure
from lazulite.stores.embedded.account import open_embedded

Run = Callable[[Callable[[Account], Awaitable[None]]], None]


@pytest.fixture(params=["embedded", pytest.param("azurite", marks=pytest.mark.azurite)])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Run:
    """Runs a test's body with an open account, in an event loop of its own."""
    open_account: Callable[[], Account]
    if request.param == "embedded":

        def open_account() -> Account:
            return open_embedded(str(tmp_path / "store"))
    else:
        connection = parse_connection_string(request.getfixturevalue("azurite"))

        def open_account() -> Account:
            return open_azure(connection)

    def run(body: Callable[[Account], Awaitable[None]]) -> None:
        async def main() -> None:
            account = open_account()
            try:
                await body(account)
            finally:
                await account.close()

        asyncio.run(main())

    return run


@pytest.fixture
def name() -> str:
    """A name that no other test uses, good for a queue, container or table."""
    return f"t{uuid.uuid4().hex}"
