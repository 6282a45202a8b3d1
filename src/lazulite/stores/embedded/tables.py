"""Tables in the embedded database."""

from __future__ import annotations

import base64
import json
import secrets
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any
from uuid import UUID

from lazulite.abc import Entity
from lazulite.errors import Conflict, NotFound
from lazulite.stores.embedded.database import Database
from lazulite.stores.entities import check_entity, groups
from lazulite.stores.names import check_table
from lazulite.stores.odata import parse_filter


class EmbeddedTables:
    """abc.TableStore over a Database: an entity is a row, its properties JSON that keeps types."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def query(self, table: str, filter: str, take: int | None) -> list[Entity]:
        check_table(table)
        parsed = parse_filter(filter)

        def operation(connection: sqlite3.Connection) -> list[Entity]:
            sql = "SELECT partition_key, row_key, modified, body FROM entities WHERE tab = ?"
            values: list[Any] = [_find(connection, table)]
            for column, key in (("partition_key", "PartitionKey"), ("row_key", "RowKey")):
                if key in parsed.keys:
                    sql += f" AND {column} = ?"
                    values.append(parsed.keys[key])
            found: list[Entity] = []
            for partition, row, modified, body in connection.execute(
                f"{sql} ORDER BY partition_key, row_key", values
            ):
                if take is not None and len(found) >= take:
                    break
                entity = {"PartitionKey": partition, "RowKey": row, **_decode(body)}
                changed = datetime.fromtimestamp(modified, timezone.utc)
                if parsed.matches({**entity, "Timestamp": changed}):
                    found.append(entity)
            return found

        return await self._database.read(operation)

    async def write(self, table: str, entities: Sequence[Entity]) -> None:
        check_table(table)
        checked = [({**check_entity(e), "ETag": e.get("ETag")}) for e in entities]

        def create(connection: sqlite3.Connection) -> None:
            _create(connection, table)

        await self._database.write(create)
        for group in groups(checked):

            def operation(connection: sqlite3.Connection, group: Sequence[Entity] = group) -> None:
                id, now = _create(connection, table), self._database.now()
                for entity in group:
                    _write(connection, id, now, entity)

            await self._database.write(operation)

    async def delete(self, table: str, partition_key: str, row_key: str) -> None:
        check_table(table)

        def operation(connection: sqlite3.Connection) -> None:
            connection.execute(
                "DELETE FROM entities WHERE tab = (SELECT id FROM tables WHERE name = ?) "
                "AND partition_key = ? AND row_key = ?",
                (table, partition_key, row_key),
            )

        await self._database.write(operation)

    async def tables(self) -> list[str]:
        return await self._database.read(
            lambda c: [name for (name,) in c.execute("SELECT name FROM tables ORDER BY name")]
        )

    async def drop(self, table: str) -> None:
        check_table(table)

        def operation(connection: sqlite3.Connection) -> None:
            id = _find(connection, table)
            connection.execute("DELETE FROM entities WHERE tab = ?", (id,))
            connection.execute("DELETE FROM tables WHERE id = ?", (id,))

        await self._database.write(operation)


def _create(connection: sqlite3.Connection, table: str) -> int:
    row = connection.execute("SELECT id FROM tables WHERE name = ?", (table,)).fetchone()
    if row is None:
        row = (connection.execute("INSERT INTO tables (name) VALUES (?)", (table,)).lastrowid,)
    return int(row[0])


def _find(connection: sqlite3.Connection, table: str) -> int:
    row = connection.execute("SELECT id FROM tables WHERE name = ?", (table,)).fetchone()
    if row is None:
        raise NotFound(f"There is no table '{table}'.")
    return int(row[0])


def _write(connection: sqlite3.Connection, id: int, now: float, entity: Entity) -> None:
    key = (id, entity["PartitionKey"], entity["RowKey"])
    wanted = entity["ETag"]
    current = connection.execute(
        "SELECT etag FROM entities WHERE tab = ? AND partition_key = ? AND row_key = ?", key
    ).fetchone()
    name = f"'{key[1]}', '{key[2]}'"
    if wanted is None and current is not None:
        raise Conflict(f"The entity {name} exists already.")
    if wanted not in (None, "*"):
        if current is None:
            raise NotFound(f"The entity {name} to be replaced does not exist.")
        if current[0] != wanted:
            raise Conflict(f"The entity {name} was changed since it was read.")
    properties = {
        k: _encode(v) for k, v in entity.items() if k not in ("PartitionKey", "RowKey", "ETag")
    }
    connection.execute(
        "INSERT OR REPLACE INTO entities VALUES (?,?,?,?,?,?)",
        (*key, f'W/"{secrets.token_hex(8)}"', now, json.dumps(properties)),
    )


def _encode(value: Any) -> Any:
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
        return {"time": aware.astimezone(timezone.utc).isoformat()}
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, UUID):
        return {"uuid": str(value)}
    return value


def _decode(text: str) -> dict[str, Any]:
    return {name: _decode_value(value) for name, value in json.loads(text).items()}


def _decode_value(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, text),) = value.items()
    if kind == "time":
        return datetime.fromisoformat(text)
    return base64.b64decode(text) if kind == "bytes" else UUID(text)
