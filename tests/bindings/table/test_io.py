"""Table inputs and outputs over the embedded store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lazulite.bindings.table.io import TableIO
from lazulite.errors import BindingError, Conflict, ExpressionError, LazuliteError
from lazulite.model import Data
from tests.bindings.blob.kit import Kit, binding, function_of, names, open_kit, run


async def read(kit: Kit, members: dict[str, Any], **values: Any) -> Any:
    spec = binding("table", tableName="people", **members)
    data = await TableIO(kit.context).read(function_of(spec), spec, names(**values))
    assert data.type == "json"
    return json.loads(data.value)


async def write(kit: Kit, value: Any, *, table: str = "people", **members: Any) -> None:
    spec = binding("table", "out", tableName=table, **members)
    data = Data("json", json.dumps(value))
    await TableIO(kit.context).write(function_of(spec), spec, names(), data, "id")


PEOPLE = [
    {"PartitionKey": "tr", "RowKey": "1", "name": "Ada", "age": 36, "member": True},
    {"PartitionKey": "tr", "RowKey": "2", "name": "O'Brien", "age": 50, "height": 1.75},
    {"PartitionKey": "us", "RowKey": "1", "name": "Grace", "age": 85},
]


@pytest.mark.parametrize(
    ("members", "found"),
    [
        ({}, PEOPLE),
        ({"take": 2}, PEOPLE[:2]),
        ({"take": "{count}"}, PEOPLE[:1]),
        ({"take": 0}, PEOPLE),
        ({"partitionKey": "tr"}, PEOPLE[:2]),
        ({"partitionKey": "{land}"}, PEOPLE[2:]),
        ({"partitionKey": "tr", "rowKey": "2"}, PEOPLE[1:2]),
        ({"partitionKey": "tr", "rowKey": "none"}, []),
        ({"filter": "age gt 40"}, PEOPLE[1:]),
        ({"filter": "age gt {age}", "partitionKey": "us"}, PEOPLE[2:]),
        ({"filter": "name eq '{name}'"}, PEOPLE[1:2]),
        ({"filter": "age gt 80 or age lt 40", "partitionKey": "tr"}, PEOPLE[:1]),
        ({"filter": "{whole}"}, PEOPLE[:1]),
    ],
)
def test_an_input_is_an_array(tmp_path: Path, members: dict[str, Any], found: Any) -> None:
    values = {"count": 1, "land": "us", "age": 40, "name": "O'Brien", "whole": "member eq true"}

    async def body() -> None:
        async with open_kit(tmp_path) as kit:
            await write(kit, PEOPLE)
            assert await read(kit, members, **values) == found

    run(body())


def test_a_table_that_is_absent_is_an_empty_array(tmp_path: Path) -> None:
    async def body() -> None:
        async with open_kit(tmp_path) as kit:
            assert await read(kit, {"partitionKey": "p"}) == []

    run(body())


def test_an_unquoted_text_is_refused(tmp_path: Path) -> None:
    async def body() -> None:
        async with open_kit(tmp_path) as kit:
            with pytest.raises(ExpressionError, match="invalid parameter value"):
                await read(kit, {"filter": "age gt {age}"}, age="1 or true")
            with pytest.raises(LazuliteError, match="whole number"):
                await read(kit, {"take": "{n}"}, n="few")

    run(body())


@given(st.text(max_size=20))
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_value_can_be_looked_for(tmp_path: Path, value: str) -> None:
    async def body() -> None:
        async with open_kit(tmp_path) as kit:
            row = {"PartitionKey": "p", "RowKey": "r", "value": value, "ETag": "*"}
            await write(kit, [row, {**row, "RowKey": "s", "value": value + "'x"}])
            found = await read(kit, {"filter": "value eq '{v}'", "partitionKey": "p"}, v=value)
            assert [entity["value"] for entity in found] == [value]

    run(body())


def test_the_bindings_keys_fill_in_and_a_second_insert_conflicts(tmp_path: Path) -> None:
    async def body() -> None:
        async with open_kit(tmp_path) as kit:
            await write(kit, {"n": 1}, partitionKey="p", rowKey="r")
            await write(kit, {"n": 2, "RowKey": "own"}, partitionKey="p", rowKey="r")
            entities = await read(kit, {})
            assert [(e["RowKey"], e["n"]) for e in entities] == [("own", 2), ("r", 1)]
            with pytest.raises(Conflict):
                await write(kit, {"n": 3}, partitionKey="p", rowKey="r")
            await write(kit, {"n": 3, "etag": "*"}, partitionKey="p", rowKey="r")
            assert (await read(kit, {"partitionKey": "p", "rowKey": "r"}))[0]["n"] == 3

    run(body())


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({}, "needs a tableName"),
        ({"tableName": "1st"}, "cannot be the name"),
        ({"tableName": "{"}, "Invalid template"),
        ({"tableName": "people", "filter": "{"}, "Invalid template"),
        ({"tableName": "people", "take": "many"}, "whole number"),
    ],
)
def test_wrong_members_are_told_at_start(
    tmp_path: Path, members: dict[str, Any], message: str
) -> None:
    async def body() -> None:
        async with open_kit(tmp_path) as kit:
            spec = binding("table", **members)
            with pytest.raises(BindingError, match=message):
                TableIO(kit.context).validate(function_of(spec), spec)

    run(body())
