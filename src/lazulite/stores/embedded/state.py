"""The host's documents and leases in the embedded database."""

from __future__ import annotations

import builtins
import secrets
import sqlite3

from lazulite.abc import Document, LeaseStore
from lazulite.errors import Conflict
from lazulite.stores.embedded.database import Database
from lazulite.stores.leases import OWNER, lease_id


class EmbeddedState:
    """abc.StateStore over a Database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, path: str) -> Document | None:
        def operation(connection: sqlite3.Connection) -> Document | None:
            row = connection.execute(
                "SELECT body, version FROM documents WHERE path = ?", (path,)
            ).fetchone()
            if row is not None:
                return Document(*row)
            row = connection.execute(
                "SELECT owner, lease FROM leases WHERE path = ?", (path,)
            ).fetchone()
            return Document(b"", row[1], {OWNER: row[0]}) if row else None

        return await self._database.read(operation)

    async def write(
        self, path: str, body: bytes, *, version: str | None = None, create: bool = False
    ) -> str:
        def operation(connection: sqlite3.Connection) -> str:
            row = connection.execute(
                "SELECT version FROM documents WHERE path = ?", (path,)
            ).fetchone()
            if create and row is not None:
                raise Conflict(f"'{path}' exists already.")
            if version is not None and (row is None or row[0] != version):
                raise Conflict(f"'{path}' was changed since it was read.")
            new = f'"{secrets.token_hex(8)}"'
            connection.execute(
                "INSERT OR REPLACE INTO documents (path, version, body) VALUES (?,?,?)",
                (path, new, body),
            )
            return new

        return await self._database.write(operation)

    async def delete(self, path: str) -> None:
        def operation(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM documents WHERE path = ?", (path,))

        await self._database.write(operation)

    async def list(self, prefix: str) -> builtins.list[str]:
        def operation(connection: sqlite3.Connection) -> builtins.list[str]:
            # a prefix without a slash is a whole container
            start = prefix if "/" in prefix else f"{prefix}/"
            found = connection.execute(
                "SELECT path FROM documents WHERE path >= :a AND path < :b "
                "UNION SELECT path FROM leases WHERE path >= :a AND path < :b ORDER BY path",
                {"a": start, "b": start + "\U0010ffff"},
            )
            return [path for (path,) in found]

        return await self._database.read(operation)

    def leases(self) -> LeaseStore:
        return EmbeddedLeases(self._database)


class EmbeddedLeases:
    """abc.LeaseStore over a Database, by the wall clock, which its processes share. The lease of a
    process that has ended is free at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def acquire(self, path: str, owner: str, seconds: float) -> str | None:
        lease = lease_id(path, owner)

        def operation(connection: sqlite3.Connection) -> str | None:
            now = self._database.now()
            files = self._database.files
            row = connection.execute(
                "SELECT lease, expires, process FROM leases WHERE path = ?", (path,)
            ).fetchone()
            held = row is not None and row[0] != lease and row[1] > now
            if held and not files.is_dead(row[2]):
                return None
            connection.execute(
                "INSERT OR REPLACE INTO leases (path, lease, owner, expires, process) "
                "VALUES (?,?,?,?,?)",
                (path, lease, owner, now + seconds, files.process),
            )
            return lease

        return await self._database.write(operation)

    async def renew(self, path: str, lease: str, seconds: float) -> bool:
        def operation(connection: sqlite3.Connection) -> bool:
            cursor = connection.execute(
                "UPDATE leases SET expires = ? WHERE path = ? AND lease = ?",
                (self._database.now() + seconds, path, lease),
            )
            return cursor.rowcount == 1

        return await self._database.write(operation)

    async def release(self, path: str, lease: str) -> None:
        def operation(connection: sqlite3.Connection) -> None:
            # the row stays: the path goes on reading as a document, as a blob does
            connection.execute(
                "UPDATE leases SET expires = 0, lease = '' WHERE path = ? AND lease = ?",
                (path, lease),
            )

        await self._database.write(operation)
