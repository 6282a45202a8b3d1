"""The storage that a host and its bindings use: accounts by connection, and the host's state."""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from lazulite.abc import Account, Accounts, Document, LeaseStore, StateStore
from lazulite.config.app import AppConfig

if TYPE_CHECKING:
    from lazulite.stores.accounts import StorageAccounts

Log = Callable[[str, str, str], None]
FOLDER = ".lazulite"
# A folder whose embedded store serves every connection, whatever the settings say: test runs
EMBEDDED = "LAZULITE_EMBEDDED_STORE"


class HostAccounts:
    """abc.Accounts of the app in `root`, made at the first use: an app that needs no storage
    imports none and opens none.

    settings: app settings; queues: host.json's `extensions.queues`; log: the host's.
    """

    def __init__(
        self, root: str, settings: Mapping[str, str], queues: Mapping[str, Any], log: Log
    ) -> None:
        self._root = root
        self._settings = settings
        self._queues = queues
        self._log = log
        self._accounts: StorageAccounts | _OneAccount | None = None

    @classmethod
    def of(cls, config: AppConfig, log: Log = lambda *record: None) -> HostAccounts:
        """Those of an app as it is configured."""
        return cls(config.root, config.settings, config.host.extension("queues"), log)

    def get(self, connection: str, function: str, binding: str) -> Account:
        if self._accounts is None:
            self._accounts = self._open()
        return self._accounts.get(connection, function, binding)

    async def close(self) -> None:
        """Close every account that was used."""
        accounts, self._accounts = self._accounts, None
        if accounts is not None:
            await accounts.close()

    def _open(self) -> StorageAccounts | _OneAccount:
        only = self._settings.get(EMBEDDED)
        if only:
            return _OneAccount(only)
        from lazulite.stores.accounts import StorageAccounts

        encoding: Literal["base64", "none"] = "base64"
        if str(self._queues.get("messageEncoding", "")).lower() == "none":
            encoding = "none"
        folder = os.path.join(self._root, FOLDER)
        return StorageAccounts(self._settings, folder, encoding=encoding, log=self._log)


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


class _OneAccount:
    """Every connection is the embedded store in `folder`."""

    def __init__(self, folder: str) -> None:
        from lazulite.stores.embedded.account import open_embedded

        self._account = open_embedded(folder)

    def get(self, connection: str, function: str, binding: str) -> Account:
        return self._account

    async def close(self) -> None:
        await self._account.close()
