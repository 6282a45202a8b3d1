"""Storage for tests: an embedded account in a temporary folder behind every connection."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from lazulite.abc import Account
from lazulite.config.connections import find_connection
from lazulite.stores.embedded.account import open_embedded

_LOCAL = "usedevelopmentstorage=true"


class TestAccounts:
    """abc.Accounts without a network: connections with the same text share an account; one that is
    not set, or names the emulator, is the app's default account.

    So a test needs no local.settings.json, and never reaches a real account whatever is set.
    folder: where the files are; watch: wraps each service, to see what is going on.
    """

    __test__ = False  # no test class, whatever pytest makes of its name

    def __init__(
        self,
        folder: str,
        settings: Mapping[str, str],
        now: Callable[[], float],
        watch: Callable[[Any], Any],
        *,
        interval: float,
        durable: bool,
    ) -> None:
        self._folder = folder
        self._settings = settings
        self._now = now
        self._watch = watch
        self._interval = interval
        self._durable = durable
        self._texts: list[str] = [""]
        self._opened: dict[int, Account] = {}

    def get(self, connection: str, function: str, binding: str) -> Account:
        number = self._number(connection)
        if number not in self._opened:
            self._opened[number] = self._open(number)
        return self._opened[number]

    def _number(self, connection: str) -> int:
        found = find_connection(connection, self._settings)
        default = find_connection("", self._settings)
        text = _text(found)
        if text in ("", _text(default)):
            return 0
        if text not in self._texts:
            self._texts.append(text)
        return self._texts.index(text)

    def _open(self, number: int) -> Account:
        name = "storage" if number == 0 else f"storage-{number}"
        account = open_embedded(
            os.path.join(self._folder, name),
            now=self._now,
            interval=self._interval,
            durable=self._durable,
        )
        return replace(
            account,
            queues=self._watch(account.queues),
            blobs=self._watch(account.blobs),
            tables=self._watch(account.tables),
            state=self._watch(account.state),
            queue_admin=self._watch(account.queue_admin),
            blob_admin=self._watch(account.blob_admin),
        )

    async def close(self) -> None:
        """Close what was opened."""
        for account in self._opened.values():
            await account.close()
        self._opened.clear()


def _text(found: Any) -> str:
    """What tells accounts apart; '' for none and for the emulator."""
    if found is None:
        return ""
    if found.value is None:
        return repr(sorted(found.section.items()))
    value = found.value.strip().rstrip(";")
    return "" if value.lower() == _LOCAL else value
