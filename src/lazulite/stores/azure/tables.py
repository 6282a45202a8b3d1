"""Tables in Azure Storage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from lazulite.abc import Entity
from lazulite.errors import Conflict, NotFound
from lazulite.stores.azure.clients import Clients
from lazulite.stores.azure.errors import border, error_code
from lazulite.stores.entities import check_entity, groups
from lazulite.stores.names import check_table

if TYPE_CHECKING:
    from azure.data.tables.aio import TableClient

_LARGEST_PAGE = 1000


class AzureTables:
    """abc.TableStore over the table service."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    async def query(self, table: str, filter: str, take: int | None) -> list[Entity]:
        client = await self._client(table)
        what = f"table '{table}' with the filter \"{filter}\"" if filter else f"table '{table}'"
        found: list[Entity] = []
        page = _LARGEST_PAGE if take is None else max(1, min(take, _LARGEST_PAGE))
        with border(what):
            entities = client.query_entities(filter, results_per_page=page)
            async for entity in entities:
                if take is not None and len(found) >= take:
                    break
                found.append({name: _from_sdk(value) for name, value in entity.items()})
        return found

    async def write(self, table: str, entities: Sequence[Entity]) -> None:
        check_table(table)
        checked = [{**check_entity(e), "ETag": e.get("ETag")} for e in entities]
        client = await self._client(table)
        if not checked:
            await self._create(client, table)
        for group in groups(checked):
            if not await _submit(client, table, group):
                await self._create(client, table)
                await _submit(client, table, group)

    async def delete(self, table: str, partition_key: str, row_key: str) -> None:
        client = await self._client(table)
        with suppress(NotFound), border(f"table '{table}'"):
            await client.delete_entity(partition_key, row_key)

    async def tables(self) -> list[str]:
        service = await self._clients.tables()
        with border("list of tables"):
            return sorted([table.name async for table in service.list_tables()])

    async def drop(self, table: str) -> None:
        check_table(table)
        # the SDK's delete_table hides that there is none
        if table.lower() not in [name.lower() for name in await self.tables()]:
            raise NotFound(f"There is no table '{table}'.")
        client = await self._client(table)
        with border(f"table '{table}'"):
            await client.delete_table()

    async def _client(self, table: str) -> TableClient:
        check_table(table)
        return (await self._clients.tables()).get_table_client(table)

    async def _create(self, client: TableClient, table: str) -> None:
        with suppress(Conflict), border(f"table '{table}'"):
            await client.create_table()


async def _submit(client: TableClient, table: str, group: Sequence[Entity]) -> bool:
    """Write a group, all or none; False when there is no such table."""
    with border(f"entity to be replaced in table '{table}'"):
        try:
            await client.submit_transaction([_operation(entity) for entity in group])
        except Exception as error:
            if error_code(error) == "TableNotFound":
                return False
            raise
    return True


def _operation(entity: Entity) -> Any:
    from azure.core import MatchConditions
    from azure.data.tables import UpdateMode

    values = {name: _to_sdk(value) for name, value in entity.items() if name != "ETag"}
    etag = entity["ETag"]
    if etag is None:
        return ("create", values)
    if etag == "*":
        return ("upsert", values, {"mode": UpdateMode.REPLACE})
    return (
        "update",
        values,
        {
            "mode": UpdateMode.REPLACE,
            "etag": etag,
            "match_condition": MatchConditions.IfNotModified,
        },
    )


def _to_sdk(value: Any) -> Any:
    from azure.data.tables import EdmType, EntityProperty

    # the SDK would make any int an Int32
    if isinstance(value, int) and not isinstance(value, bool):
        return EntityProperty(value, EdmType.INT64)
    return value


def _from_sdk(value: Any) -> Any:
    if isinstance(value, tuple):  # EntityProperty: a value with its type
        return value[0]
    if isinstance(value, datetime):  # of a class of the SDK's own
        aware = value.astimezone(timezone.utc)
        return datetime.combine(aware.date(), aware.timetz())
    return dict(value) if isinstance(value, Mapping) else value
