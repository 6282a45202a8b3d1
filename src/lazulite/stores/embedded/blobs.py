"""Blobs in the embedded store: rows in the database, large contents in files."""

from __future__ import annotations

import asyncio
import builtins
import json
import secrets
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import quote

from lazulite.abc import BlobProperties
from lazulite.errors import NotFound
from lazulite.stores.embedded.database import Database
from lazulite.stores.embedded.errors import translate
from lazulite.stores.names import check_blob, check_container

LARGEST_INLINE = 32 * 1024
_PAGE = 1000
_TRIES = 20
_COLUMNS = "name, length, etag, modified, type, metadata"

_Row = tuple[str, int, str, float, str, str]


class EmbeddedBlobs:
    """abc.BlobStore and abc.BlobAdmin over a Database.

    A large content is written to a file of its own, synced and given its final name in the
    transaction that makes the blob's row point to it; the old file goes afterwards. Readers hence
    see the old content or the new one, and a kill leaves at most files that the next opening
    deletes. Small contents are in the row itself.

    base_uri: what blob URIs begin with; the emulator's form, so that code which takes URIs apart
    finds container and name where it expects them.
    """

    def __init__(
        self, database: Database, *, base_uri: str = "http://127.0.0.1:10000/devstoreaccount1"
    ) -> None:
        self._database = database
        self._base_uri = base_uri

    async def properties(self, container: str, name: str) -> BlobProperties:
        def operation(connection: sqlite3.Connection) -> _Row:
            return _row(connection, container, name)[:6]

        return self._properties(container, await self._database.read(operation))

    async def download(self, container: str, name: str, path: str) -> BlobProperties:
        def operation(connection: sqlite3.Connection) -> tuple[_Row, str | None, bytes | None]:
            row = _row(connection, container, name)
            return row[:6], row[6], row[7]

        for attempt in range(_TRIES):
            row, file, content = await self._database.read(operation)
            try:
                if file is None:
                    await asyncio.to_thread(Path(path).write_bytes, content or b"")
                else:
                    await asyncio.to_thread(self._database.files.copy_out, file, path)
                break
            except FileNotFoundError as error:
                # replaced since the row was read, or `path` is in a folder that is not there
                if attempt == _TRIES - 1 or not Path(path).parent.is_dir():
                    raise translate(error, path) from error
            except OSError as error:
                raise translate(error, path) from error
        return self._properties(container, row)

    async def upload(
        self, container: str, name: str, source: bytes | str, *, metadata: Mapping[str, str]
    ) -> BlobProperties:
        check_container(container)
        check_blob(name)
        content: bytes | None = None
        staged: Path | None = None
        if isinstance(source, bytes) and len(source) <= LARGEST_INLINE:
            content, length = source, len(source)
        else:
            staged, length = await self._stage(source)

        def operation(connection: sqlite3.Connection) -> tuple[_Row, str | None]:
            id = _create(connection, container)
            old = connection.execute(
                "SELECT metadata, file FROM blobs WHERE container = ? AND name = ?", (id, name)
            ).fetchone()
            kept = json.loads(old[0]) if old else {}
            file = self._database.files.publish(staged) if staged else None
            row: _Row = (
                name,
                length,
                f'"0x{secrets.token_hex(8).upper()}"',
                self._database.now(),
                "application/octet-stream",
                json.dumps({**kept, **metadata}),
            )
            connection.execute(
                f"INSERT OR REPLACE INTO blobs ({_COLUMNS}, container, file, content) "
                "VALUES (?,?,?,?,?,?,?,?,?)",
                (*row, id, file, content),
            )
            _count_change(connection, id)
            return row, old[1] if old else None

        try:
            row, replaced = await self._database.write(operation)
        except BaseException:  # a cancelled upload may have been published, or now never is
            if staged:
                self._database.files.discard(staged)
            raise
        self._database.notify(("containers", container))
        if replaced:
            await asyncio.to_thread(self._database.files.remove, replaced)
        return self._properties(container, row)

    async def list(self, container: str, *, prefix: str = "") -> AsyncIterator[BlobProperties]:
        after: str | None = None
        while True:

            def operation(
                connection: sqlite3.Connection, after: str | None = after
            ) -> builtins.list[_Row]:
                return connection.execute(
                    f"SELECT {_COLUMNS} FROM blobs WHERE container = ? AND name >= ? AND name < ? "
                    f"AND name > ? ORDER BY name LIMIT {_PAGE}",
                    (
                        _find(connection, container),
                        prefix,
                        prefix + "\U0010ffff",
                        "" if after is None else after,
                    ),
                ).fetchall()

            rows = await self._database.read(operation)
            for row in rows:
                yield self._properties(container, row)
            if len(rows) < _PAGE:
                return
            after = rows[-1][0]

    async def delete(self, container: str, name: str) -> None:
        def operation(connection: sqlite3.Connection) -> str | None:
            try:
                id = _find(connection, container)
                file = _row(connection, container, name)[6]
            except NotFound:
                return None
            connection.execute("DELETE FROM blobs WHERE container = ? AND name = ?", (id, name))
            _count_change(connection, id)
            return file

        file = await self._database.write(operation)
        self._database.notify(("containers", container))
        if file:
            await asyncio.to_thread(self._database.files.remove, file)

    def changed(self, container: str) -> Awaitable[None]:
        return self._database.wait(("containers", container))

    async def containers(self) -> builtins.list[str]:
        return await self._database.read(
            lambda c: [name for (name,) in c.execute("SELECT name FROM containers ORDER BY name")]
        )

    async def create(self, container: str) -> None:
        check_container(container)
        await self._database.write(lambda connection: _create(connection, container))

    async def drop(self, container: str) -> None:
        def operation(connection: sqlite3.Connection) -> builtins.list[str]:
            id = _find(connection, container)
            files = connection.execute(
                "SELECT file FROM blobs WHERE container = ? AND file IS NOT NULL", (id,)
            ).fetchall()
            connection.execute("DELETE FROM blobs WHERE container = ?", (id,))
            connection.execute("DELETE FROM containers WHERE id = ?", (id,))
            return [file for (file,) in files]

        files = await self._database.write(operation)
        self._database.notify(("containers", container))
        for file in files:
            await asyncio.to_thread(self._database.files.remove, file)

    async def _stage(self, source: bytes | str) -> tuple[Path, int]:
        # the folders are made when the database is opened
        await self._database.write(lambda connection: None)
        try:
            return await asyncio.to_thread(self._database.files.stage, source)
        except OSError as error:
            where = source if isinstance(source, str) else self._database.path
            raise translate(error, where) from error

    def _properties(self, container: str, row: _Row) -> BlobProperties:
        name, length, etag, modified, type, metadata = row
        return BlobProperties(
            container=container,
            name=name,
            length=length,
            etag=etag,
            last_modified=datetime.fromtimestamp(modified, timezone.utc),
            uri=f"{self._base_uri}/{container}/{quote(name)}",
            content_type=type,
            metadata=json.loads(metadata),
        )


def _create(connection: sqlite3.Connection, container: str) -> int:
    row = connection.execute("SELECT id FROM containers WHERE name = ?", (container,)).fetchone()
    if row is None:
        cursor = connection.execute("INSERT INTO containers (name) VALUES (?)", (container,))
        row = (cursor.lastrowid,)
    return int(row[0])


def _find(connection: sqlite3.Connection, container: str) -> int:
    row = connection.execute("SELECT id FROM containers WHERE name = ?", (container,)).fetchone()
    if row is None:
        raise NotFound(f"There is no container '{container}'.")
    return int(row[0])


def _row(
    connection: sqlite3.Connection, container: str, name: str
) -> tuple[str, int, str, float, str, str, str | None, bytes | None]:
    row = connection.execute(
        f"SELECT {_COLUMNS}, file, content FROM blobs WHERE container = ? AND name = ?",
        (_find(connection, container), name),
    ).fetchone()
    if row is None:
        raise NotFound(f"There is no blob '{container}/{name}'.")
    return row  # type: ignore[no-any-return]


def _count_change(connection: sqlite3.Connection, id: int) -> None:
    connection.execute("UPDATE containers SET changes = changes + 1 WHERE id = ?", (id,))
