"""`func storage table`."""

from __future__ import annotations

import json
from typing import Any

import click

from lazulite.abc import Account, Entity
from lazulite.cli.console import examples, say, say_json, say_table
from lazulite.cli.payload import payload, shown
from lazulite.cli.storage.account import connection_option, json_option, place, use
from lazulite.cli.storage.entity import entity_from_json, entity_to_json
from lazulite.errors import UsageError

_WIDTH = 60


@click.group(
    "table",
    epilog=examples(
        'func storage table put items \'{"PartitionKey": "tea", "RowKey": "1", "Price": 3}\'',
        "func storage table query items --filter \"PartitionKey eq 'tea'\"",
        "func storage table delete items tea 1",
    ),
)
def command() -> None:
    """List tables; query, write and delete entities."""


@command.command("list", epilog=examples("func storage table list"))
@connection_option
@json_option
def list_(connection: str, as_json: bool) -> None:
    """List the tables."""
    found = use(connection, lambda account: account.tables.tables())
    if as_json:
        say_json([{"name": name} for name in found])
    else:
        say("\n".join(found) or "There are no tables.")


@command.command(
    epilog=examples(
        "func storage table query items",
        "func storage table query items --filter \"PartitionKey eq 'tea' and Price gt 2L\"",
        "func storage table query items -n 100 --json",
    ),
)
@click.argument("table")
@click.option("--filter", default="", metavar="ODATA", help="Only entities that match.")
@click.option("-n", "--take", type=click.IntRange(1), help="At most so many. [default: all]")
@connection_option
@json_option
def query(table: str, filter: str, take: int | None, connection: str, as_json: bool) -> None:
    """Show entities of TABLE, by partition and row key."""
    found = use(connection, lambda account: account.tables.query(table, filter, take))
    if as_json:
        say_json([entity_to_json(entity) for entity in found])
    elif found:
        names = list(dict.fromkeys(["PartitionKey", "RowKey", *(n for e in found for n in e)]))
        say_table(names, [[_cell(entity.get(name)) for name in names] for entity in found])
    else:
        say("There are no such entities.")


@command.command(
    epilog=examples(
        'func storage table put items \'{"PartitionKey": "tea", "RowKey": "1", "Price": 3}\'',
        "func storage table put items @items.json",
    ),
)
@click.argument("table")
@click.argument("entities", nargs=-1, required=True, metavar="ENTITY...")
@click.option("--insert", is_flag=True, help="Fail where one is there already.")
@connection_option
def put(table: str, entities: tuple[str, ...], insert: bool, connection: str) -> None:
    """Write each ENTITY: a JSON object, or a list of them, as a text, @FILE, or `-` (standard
    input).

    An entity with the same keys is replaced; a missing table is made.
    """
    rows: list[Entity] = []
    for text in entities:
        for raw in _objects(text):
            entity = entity_from_json(raw)
            rows.append(entity if insert else {"ETag": "*", **entity})

    async def work(account: Account) -> str:
        await account.tables.write(table, rows)
        return place(account)

    where = use(connection, work)
    count = f"{len(rows)} {'entity' if len(rows) == 1 else 'entities'}"
    say(f"Wrote {count} into table '{table}' of {where}.")


@command.command(epilog=examples("func storage table delete items tea 1"))
@click.argument("table")
@click.argument("partition_key")
@click.argument("row_key")
@connection_option
def delete(table: str, partition_key: str, row_key: str, connection: str) -> None:
    """Delete one entity."""
    use(connection, lambda account: account.tables.delete(table, partition_key, row_key))
    say(f"Entity '{partition_key}', '{row_key}' is not in table '{table}' any more.")


@command.command(epilog=examples("func storage table drop items"))
@click.argument("table")
@connection_option
def drop(table: str, connection: str) -> None:
    """Delete TABLE with its entities."""
    use(connection, lambda account: account.tables.drop(table))
    say(f"Deleted table '{table}'.")


def _objects(text: str) -> list[Any]:
    content = payload(text)
    try:
        parsed = json.loads(content)
    except ValueError as error:
        raise UsageError(
            f"The entity is not JSON: {error}",
            hint='Write it as \'{"PartitionKey": "a", "RowKey": "b"}\', or name a file: @FILE.',
        ) from None
    return parsed if isinstance(parsed, list) else [parsed]


def _cell(value: Any) -> object:
    if value is None or type(value) is int:
        return value
    text = entity_to_json({"": value})[""]
    return shown((text if isinstance(text, str) else json.dumps(text)).encode(), _WIDTH)
