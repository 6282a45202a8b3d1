"""Keys in plain files: `AzureWebJobsSecretStorageType=files`."""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile

from lazulite.abc import Document
from lazulite.errors import Conflict, SettingError


class SecretFiles:
    """The documents of one folder, each a file that only its owner may read.

    Paths are those of the store (`container/host/name.json`); the folder holds the last part, as
    the original's does.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def __str__(self) -> str:
        return self._folder

    async def read(self, path: str) -> Document | None:
        """The document, or None. Raises SettingError when the file cannot be read."""
        return await asyncio.to_thread(self._read, path)

    async def write(
        self, path: str, body: bytes, *, version: str | None = None, create: bool = False
    ) -> str:
        """Write whole or not at all; see abc.StateStore."""
        return await asyncio.to_thread(self._write, path, body, version, create)

    async def delete(self, path: str) -> None:
        """Delete; nothing happens when it is absent."""
        try:
            os.unlink(self._place(path))
        except FileNotFoundError:
            pass

    def _place(self, path: str) -> str:
        return os.path.join(self._folder, path.rpartition("/")[2])

    def _read(self, path: str) -> Document | None:
        try:
            with open(self._place(path), "rb") as file:
                body = file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(error) from error
        return Document(body.removeprefix(b"\xef\xbb\xbf"), _version(body))

    def _write(self, path: str, body: bytes, version: str | None, create: bool) -> str:
        place = self._place(path)
        if version is not None:
            found = self._read(path)
            if found is None or found.version != version:
                raise Conflict(f"'{place}' was changed since it was read.")
        try:
            if not os.path.isdir(self._folder):
                os.makedirs(self._folder, mode=0o700)
                with open(os.path.join(self._folder, ".gitignore"), "w") as file:
                    file.write("*\n")  # keys are nobody's source code
            descriptor, temporary = tempfile.mkstemp(dir=self._folder, prefix=".new-")
            try:
                with os.fdopen(descriptor, "wb") as new:
                    new.write(body)
                    new.flush()
                    os.fsync(new.fileno())
                if create:
                    os.link(temporary, place)
                else:
                    os.replace(temporary, place)
            finally:
                if os.path.exists(temporary):
                    os.unlink(temporary)
        except FileExistsError:
            raise Conflict(f"'{place}' exists already.") from None
        except OSError as error:
            raise self._unusable(error) from error
        return _version(body)

    def _unusable(self, error: OSError) -> SettingError:
        return SettingError(
            f"The keys cannot be kept in {self._folder}: {error.strerror}",
            hint="FUNCTIONS_SECRETS_PATH names a folder that this user can write to.",
        )


def _version(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
