"""What every TableStore must do."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any
from uuid import UUID

import pytest

from lazulite.abc import Account, Entity
from lazulite.errors import Conflict, NotFound, StoreError
from tests.contracts.conftest import Run

GUID = UUID("c9da6455-213d-42c9-9a79-3e9149a57833")
TIME = datetime(2024, 2, 29, 12, 30, 15, 250000, tzinfo=timezone.utc)


def entity(row: str, partition: str = "p", **properties: Any) -> dict[str, Any]:
    return {"PartitionKey": partition, "RowKey": row, **properties}


def rows(entities: list[Entity]) -> list[str]:
    return [e["RowKey"] for e in entities]


def test_values_keep_their_types(run: Run, name: str) -> None:
    given = entity(
        "1",
        Text="it's ü",
        Empty="",
        Whole=42,
        Large=2**40,
        Negative=-(2**63),
        Real=2.0,
        Yes=True,
        No=False,
        When=TIME,
        Raw=b"\x00\xff",
        Id=GUID,
        time="not one",
    )

    async def body(account: Account) -> None:
        await account.tables.write(name, [{**given, "Nothing": None}])
        (found,) = await account.tables.query(name, "", None)
        assert dict(found) == given
        assert {k: type(v) for k, v in found.items()} == {k: type(v) for k, v in given.items()}

    run(body)


def test_entities_are_ordered_and_taken(run: Run, name: str) -> None:
    async def body(account: Account) -> None:
        await account.tables.write(name, [entity(r, p) for p in "ba" for r in ("2", "10", "1")])
        found = await account.tables.query(name, "", None)
        keys = [(e["PartitionKey"], e["RowKey"]) for e in found]
        assert keys == [(p, r) for p in "ab" for r in ("1", "10", "2")]
        assert len(await account.tables.query(name, "", 4)) == 4
        assert await account.tables.query(name, "", 0) == []
        assert rows(await account.tables.query(name, "PartitionKey eq 'b'", 2)) == ["1", "10"]

    run(body)


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ("", "123"),
        ("RowKey eq '2'", "2"),
        ("RowKey ne '2'", "13"),
        ("PartitionKey eq 'p' and RowKey ge '2'", "23"),
        ("Age gt 20L", "23"),
        ("Age ge 20L and Age lt 40L", "12"),
        ("Age le 20L or Age eq 40L", "13"),
        ("not (Age eq 30L)", "13"),
        ("(Age eq 20L or Age eq 30L) and Active eq true", "1"),
        ("Age eq 20L or Age eq 30L and Active eq true", "1"),
        ("Active eq false", "23"),
        ("Name eq 'O''Hara'", "2"),
        ("Score gt 1.5", "23"),
        ("Born lt datetime'2000-01-01T00:00:00Z'", "12"),
        ("Id eq guid'c9da6455-213d-42c9-9a79-3e9149a57833'", "3"),
        ("Raw eq X'01ff'", "3"),
        ("Big gt 5000000000L", "3"),
    ],
)
def test_filters(run: Run, name: str, filter: str, expected: str) -> None:
    async def body(account: Account) -> None:
        entities = [
            entity("1", Age=20, Active=True, Name="Ann", Score=1.5, Big=1),
            entity("2", Age=30, Active=False, Name="O'Hara", Score=2.5, Big=2),
            entity("3", Age=40, Active=False, Name="Zoe", Score=3.5, Big=6_000_000_000),
        ]
        years = (1980, 1990, 2010)
        for one, year in zip(entities, years, strict=True):
            one["Born"] = TIME.replace(year=year, day=1)
            one["Id"] = GUID if year == 2010 else UUID(int=year)
            one["Raw"] = b"\x01\xff" if year == 2010 else b""
        await account.tables.write(name, entities)
        assert "".join(rows(await account.tables.query(name, filter, None))) == expected

    run(body)


@pytest.mark.parametrize("filter", ["RowKey eq", "(RowKey eq 'a'", "eq", "RowKey eq 'a' RowKey"])
def test_bad_filters_are_refused(run: Run, name: str, filter: str) -> None:
    async def body(account: Account) -> None:
        await account.tables.write(name, [entity("1")])
        with pytest.raises(StoreError, match="filter"):
            await account.tables.query(name, filter, None)

    run(body)


def test_inserting_twice_conflicts(run: Run, name: str) -> None:
    async def body(account: Account) -> None:
        await account.tables.write(name, [entity("1", V=1)])
        with pytest.raises(Conflict):
            await account.tables.write(name, [entity("1", V=2)])
        with pytest.raises(Conflict):
            await account.tables.write(name, [entity("0", V=2), entity("1", V=2)])
        assert await account.tables.query(name, "", None) == [entity("1", V=1)]

    run(body)


def test_an_etag_star_replaces_or_inserts(run: Run, name: str) -> None:
    async def body(account: Account) -> None:
        await account.tables.write(name, [entity("1", A=1, ETag="*")])
        await account.tables.write(name, [entity("1", B=2, ETag="*"), entity("2", ETag="*")])
        assert await account.tables.query(name, "", None) == [entity("1", B=2), entity("2")]

    run(body)


def test_another_etag_replaces_only_that_version(run: Run, name: str) -> None:
    async def body(account: Account) -> None:
        await account.tables.write(name, [entity("1", A=1)])
        stale = "W/\"datetime'2020-01-01T00%3A00%3A00.0000000Z'\""
        with pytest.raises(Conflict):
            await account.tables.write(name, [entity("1", A=2, ETag=stale)])
        with pytest.raises((Conflict, NotFound)):
            await account.tables.write(name, [entity("2", A=2, ETag=stale)])
        assert await account.tables.query(name, "", None) == [entity("1", A=1)]

    run(body)


def test_many_entities_and_a_row_twice(run: Run, name: str) -> None:
    async def body(account: Account) -> None:
        many = [entity(f"{i:03}", V=i, ETag="*") for i in range(150)]
        await account.tables.write(name, [*many, entity("007", V=-1, ETag="*")])
        found = await account.tables.query(name, "", None)
        assert rows(found) == [f"{i:03}" for i in range(150)]
        assert found[7]["V"] == -1

    run(body)


def test_deleting(run: Run, name: str) -> None:
    async def body(account: Account) -> None:
        await account.tables.write(name, [entity("1"), entity("2")])
        await account.tables.delete(name, "p", "1")
        await account.tables.delete(name, "p", "1")
        assert rows(await account.tables.query(name, "", None)) == ["2"]

    run(body)


def test_tables_come_and_go(run: Run, name: str) -> None:
    async def body(account: Account) -> None:
        with pytest.raises(NotFound, match=name):
            await account.tables.query(name, "", None)
        await account.tables.write(name, [])
        assert name in await account.tables.tables()
        assert await account.tables.query(name, "", None) == []
        await account.tables.drop(name)
        assert name not in await account.tables.tables()
        await account.tables.delete(name, "p", "1")
        with pytest.raises(NotFound, match=name):
            await account.tables.drop(name)

    run(body)


@pytest.mark.parametrize(
    ("bad", "match"),
    [
        ({"RowKey": "1"}, "PartitionKey is missing"),
        ({"PartitionKey": "p", "RowKey": 1}, "RowKey is no text"),
        ({"PartitionKey": "a/b", "RowKey": "1"}, "cannot be a PartitionKey"),
        ({"PartitionKey": "p", "RowKey": "1", "X": {}}, "'X' is of type dict"),
        ({"PartitionKey": "p", "RowKey": "1", "X": 2**63}, "64 bits"),
    ],
)
def test_bad_entities_are_explained(run: Run, name: str, bad: Entity, match: str) -> None:
    async def body(account: Account) -> None:
        with pytest.raises(StoreError, match=match):
            await account.tables.write(name, [bad])
        with pytest.raises(StoreError, match="cannot be the name of a table"):
            await account.tables.write("1bad", [])

    run(body)
