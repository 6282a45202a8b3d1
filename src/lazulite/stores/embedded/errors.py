"""SQLite's and the file system's errors as ours: mapped here, once."""

from __future__ import annotations

import errno
import sqlite3

from lazulite.errors import LazuliteError, StoreError, StoreUnavailable

_CORRUPT = ("not a database", "malformed", "corrupt", "no such table", "no such column")


def translate(error: BaseException, path: str) -> LazuliteError:
    """What `error`, which an operation on the database at `path` raised, means to a user."""
    if isinstance(error, LazuliteError):
        return error
    text = str(error)
    if isinstance(error, sqlite3.Error):
        if any(sign in text for sign in _CORRUPT):
            return StoreError(
                f"The store {path} is damaged ({text}).",
                hint="Restore a copy of it, or move its folder away and start again: "
                "a new, empty store is then made.",
            )
        if "locked" in text or "busy" in text:
            return StoreUnavailable(
                f"The store {path} is in use by another process for too long ({text}).",
                hint="See which process holds it; the operation is tried again.",
            )
        if "full" in text:
            return StoreError(f"No space is left for the store {path}.", hint="Free some.")
        if "unable to open" in text or "readonly" in text:
            return StoreError(
                f"The store {path} cannot be opened for writing ({text}).",
                hint="Check that its folder exists and that you may write there.",
            )
        return StoreError(f"The store {path} failed: {text}.")
    if isinstance(error, OSError):
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return StoreError(f"No space is left for the store {path}.", hint="Free some.")
        return StoreError(
            f"The store {path} failed: {text}.",
            hint="Check that its folder exists and that you may write there.",
        )
    return StoreError(f"The store {path} failed: {type(error).__name__}: {text}.")
