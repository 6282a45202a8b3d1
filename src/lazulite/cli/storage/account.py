"""The storage account that a command works on."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import click

from lazulite.abc import Account
from lazulite.cli.project import find_root

T = TypeVar("T")

DEFAULT = "AzureWebJobsStorage"

connection_option = click.option(
    "--connection",
    metavar="NAME",
    default=DEFAULT,
    show_default=True,
    help="The setting that holds the connection.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="The result as JSON.")


def use(connection: str, work: Callable[[Account], Awaitable[T]]) -> T:
    """Do `work` with the account behind a connection of the app in this folder.

    Imports no SDK unless the connection is a real account. Raises SettingError, StoreError.
    """
    from lazulite.config.app import load_app
    from lazulite.config.encryption import decrypt
    from lazulite.host.storage import HostAccounts

    app = load_app(find_root(), os.environ, decrypt=decrypt)

    async def run() -> T:
        accounts = HostAccounts.of(app)
        try:
            return await work(accounts.get(connection, "", ""))
        finally:
            await accounts.close()

    return asyncio.run(run())


def place(account: Account) -> str:
    """Where the account is, for people."""
    return "the embedded store" if account.kind == "embedded" else f"account {account.name}"


def instant(value: Any) -> str | None:
    """A time as text, to the second."""
    return None if value is None else value.strftime("%Y-%m-%dT%H:%M:%SZ")
