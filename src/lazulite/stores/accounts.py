"""Connections by name: which store serves each."""

from __future__ import annotations

import importlib.util
import socket
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from lazulite.abc import Account
from lazulite.config.connections import DEFAULT_CONNECTION, PREFIX, find_connection
from lazulite.config.storage import (
    DEVELOPMENT_ACCOUNT,
    SERVICES,
    StorageConnection,
    storage_connection,
)
from lazulite.errors import SettingError, Where
from lazulite.stores.azure.account import open_azure
from lazulite.stores.azure.clients import INSTALL
from lazulite.stores.azure.queues import Encoding
from lazulite.stores.embedded.account import open_embedded

_PROBE_SECONDS = 0.5
_PACKAGES = ("azure.storage.blob", "azure.storage.queue", "azure.data.tables", "aiohttp")


class StorageAccounts:
    """abc.Accounts: Azure Storage for a connection string or identity, else the embedded store.

    The embedded store serves, under one account, the default connection when it has no settings,
    and `UseDevelopmentStorage=true` while nothing listens on the emulator's ports; that is found
    out once, at the first use. Names that mean the same account get the same Account.

    environ: the app settings; folder: where embedded accounts have their folders, `.lazulite` in
    the app; encoding: host.json's `extensions.queues.messageEncoding`; log(level, category,
    message): the host's log.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        folder: str,
        *,
        encoding: Encoding = "base64",
        log: Callable[[str, str, str], None] = lambda level, category, message: None,
    ) -> None:
        self._environ = environ
        self._folder = Path(folder, DEVELOPMENT_ACCOUNT)
        self._encoding: Encoding = encoding
        self._log = log
        self._by_name: dict[str, Account] = {}
        self._azure: list[tuple[StorageConnection, Account]] = []
        self._embedded: Account | None = None

    def get(self, connection: str, function: str, binding: str) -> Account:
        """The account behind `connection`; see abc.Accounts."""
        name = connection.lower()
        account = self._by_name.get(name)
        if account is None:
            account = self._by_name[name] = self._choose(connection, function, binding)
        return account

    async def close(self) -> None:
        """Close all accounts that were handed out."""
        accounts = [account for _, account in self._azure]
        if self._embedded is not None:
            accounts.append(self._embedded)
        self._by_name.clear()
        self._azure.clear()
        self._embedded = None
        for account in accounts:
            await account.close()

    def _choose(self, name: str, function: str, binding: str) -> Account:
        default = (PREFIX + name).lower() if name else DEFAULT_CONNECTION.lower()
        is_default = DEFAULT_CONNECTION.lower() in (default, name.lower())
        if is_default and find_connection(name, self._environ) is None:
            return self._embed(f"{DEFAULT_CONNECTION} is not set")
        found = storage_connection(name, self._environ, function=function, binding=binding)
        if found.development and not _listens(found):
            ports = ", ".join(str(urlsplit(found.endpoint(s)).port) for s in SERVICES)
            return self._embed(
                f"'{found.setting}' is UseDevelopmentStorage=true and no emulator listens on "
                f"ports {ports}"
            )
        missing = [package for package in _PACKAGES if not _is_installed(package)]
        if missing:
            raise SettingError(
                f"The connection '{found.setting}' needs the Azure SDKs; {', '.join(missing)} "
                f"{'is' if len(missing) == 1 else 'are'} not installed.",
                where=Where(function=function or None, binding=binding or None),
                hint=INSTALL,
            )
        return self._connect(found)

    def _connect(self, connection: StorageConnection) -> Account:
        # two settings with the same account behind them: what one adds wakes the other's listeners
        known = replace(connection, setting="")
        for other, account in self._azure:
            if replace(other, setting="") == known:
                return account
        account = open_azure(connection, encoding=self._encoding)
        self._azure.append((connection, account))
        return account

    def _embed(self, reason: str) -> Account:
        if self._embedded is None:
            self._embedded = open_embedded(str(self._folder), name=DEVELOPMENT_ACCOUNT)
            self._log(
                "Information",
                "Host.Startup",
                f"The embedded store serves storage ({reason}). Its files are in {self._folder}.",
            )
        return self._embedded


def _listens(connection: StorageConnection) -> bool:
    for service in SERVICES:
        url = urlsplit(connection.endpoint(service))
        try:
            address = (url.hostname or "", url.port or 80)
            socket.create_connection(address, timeout=_PROBE_SECONDS).close()
        except OSError:
            continue
        return True
    return False


def _is_installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:  # its parent is not there
        return False
