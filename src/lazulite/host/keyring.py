"""The keys of a running host: where they are kept, when they are read, who is told of changes."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence

from lazulite.abc import StateStore
from lazulite.config.app import AppConfig
from lazulite.errors import SettingError
from lazulite.host.keys import Documents, Keys
from lazulite.host.secret_files import SecretFiles
from lazulite.web.keys import KeyTable

REREAD = 60.0  # seconds between looks at the store for keys that others changed


class KeyRing:
    """Keys as the host uses them.

    required: whether requests need keys at all; functions: the names to have keys for; extensions:
    those that want a system key; changed: called with the whole table after each change.
    """

    def __init__(
        self,
        keys: Keys,
        required: bool,
        functions: Callable[[], Sequence[str]],
        extensions: Callable[[], Sequence[str]],
    ) -> None:
        self.keys = keys
        self.required = required
        self._functions = functions
        self._extensions = extensions
        self.place = keys.place
        self._reading = asyncio.Lock()
        self._read_at = float("-inf")

    async def table(self) -> KeyTable | None:
        """All keys, made where they are missing; None where every caller is an administrator."""
        if not self.required:
            return None
        async with self._reading:
            table = await self.keys.load(list(self._functions()))
            for extension in self._extensions():
                await self.keys.system(f"{extension}_extension")
            return self.keys.table() if self._extensions() else table

    async def reread(self) -> bool:
        """Look whether the store has other keys by now: somebody came with an unknown one.

        At most once a minute, as in the original; True when there was a change.
        """
        now = time.monotonic()
        if not self.required or now - self._read_at < REREAD:
            return False
        self._read_at = now
        async with self._reading:
            return await self.keys.reread()


def secret_store(config: AppConfig, state: Callable[[], StateStore]) -> Documents:
    """Where the settings want the keys: files, or the host's own state. Raises SettingError.

    In local mode they are files unless a setting says otherwise, so that they can be looked up.
    """
    kind = (config.settings.get("AzureWebJobsSecretStorageType") or "").lower()
    if kind == "files" or (config.development and not kind):
        folder = config.settings.get("FUNCTIONS_SECRETS_PATH") or os.path.join(
            ".lazulite", "secrets"
        )
        return SecretFiles(os.path.join(config.root, folder))
    if kind in ("", "blob"):
        return state()
    raise SettingError(
        f"AzureWebJobsSecretStorageType is '{kind}', which is not supported.",
        hint="Use 'files' (with FUNCTIONS_SECRETS_PATH, which may be a mounted secret), or remove "
        "it: the keys are then kept in AzureWebJobsStorage.",
    )
