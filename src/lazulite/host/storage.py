"""The storage that a host and its bindings use: accounts by connection, and the host's state."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping

from lazulite.abc import Account, Accounts, Document, LeaseStore, StateStore

Log = Callable[[str, str, str], None]


def open_accounts(root: str, settings: Mapping[str, str]) -> Accounts:
    """The accounts of the app in `root`. No I/O, no SDK: their first use does that."""
    return _EmbeddedAccounts(root)


class HostAccounts:
    """abc.Accounts that says in the log when an embedded store serves, and closes what was used.

    folder: where the embedded store's files are.
    """

    def __init__(self, accounts: Accounts, folder: str, log: Log) -> None:
        self._accounts = accounts
        self._folder = folder
        self._log = log
        self._used: dict[int, Account] = {}

    def get(self, connection: str, function: str, binding: str) -> Account:
        account = self._accounts.get(connection, function, binding)
        if id(account) not in self._used:
            self._used[id(account)] = account
            if account.kind == "embedded":
                self._log(
                    "Information",
                    "Host.Storage",
                    "No storage account is configured or reachable for "
                    f"'{connection or 'AzureWebJobsStorage'}': the embedded store serves. "
                    f"Its files are in {self._folder}",
                )
        return account

    async def close(self) -> None:
        """Close every account that was used."""
        used, self._used = list(self._used.values()), {}
        for account in used:
            await account.close()


class HostState:
    """abc.StateStore in the host's own account, which is looked up at the first use: an app that
    needs no state opens no store."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def read(self, path: str) -> Document | None:
        return await self._state().read(path)

    async def write(
        self, path: str, body: bytes, *, version: str | None = None, create: bool = False
    ) -> str:
        return await self._state().write(path, body, version=version, create=create)

    async def delete(self, path: str) -> None:
        await self._state().delete(path)

    async def list(self, prefix: str) -> builtins.list[str]:
        return await self._state().list(prefix)

    def leases(self) -> LeaseStore:
        return self._state().leases()

    def _state(self) -> StateStore:
        return self._accounts.get("", "", "").state


class _EmbeddedAccounts:
    """Every connection is the app's embedded store."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._account: Account | None = None

    def get(self, connection: str, function: str, binding: str) -> Account:
        if self._account is None:
            from lazulite.stores.embedded.account import open_embedded

            self._account = open_embedded(embedded_folder(self._root))
        return self._account


def embedded_folder(root: str) -> str:
    """Where the embedded store of the app in `root` has its files."""
    return f"{root}/.lazulite"
