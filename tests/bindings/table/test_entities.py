"""Entities and the JSON that functions see."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.bindings.table.entities import from_value, to_json
from lazulite.errors import LazuliteError
from lazulite.model import Data

KEYS = {"PartitionKey": "p", "RowKey": "r"}
_names = st.text("abcdefgXYZ_", min_size=1, max_size=8).filter(
    lambda n: n.lower() not in ("partitionkey", "rowkey", "etag", "timestamp")
)
_values = st.one_of(
    st.text(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False)
)


@given(st.dictionaries(_names, _values.filter(lambda v: v not in (float("inf"), -float("inf")))))
def test_an_entity_that_is_read_and_written_back_is_the_same(entity: dict[str, Any]) -> None:
    whole = {**KEYS, **entity}
    assert from_value(Data("string", to_json([whole])), {}) == [whole]


def test_types_that_json_lacks_become_text() -> None:
    entity = {
        "when": datetime(2030, 1, 2, 3, 4, 5, tzinfo=timezone.utc),
        "raw": b"\x00\xff",
        "id": UUID("12345678123456781234567812345678"),
        "large": float("inf"),
    }
    assert json.loads(to_json([entity])) == [
        {
            "when": "2030-01-02T03:04:05Z",
            "raw": "AP8=",
            "id": "12345678-1234-5678-1234-567812345678",
            "large": "inf",
        }
    ]
    assert to_json([]) == "[]"


@pytest.mark.parametrize(
    ("given", "entities"),
    [
        (Data("json", '{"a": 1}'), [{**KEYS, "a": 1}]),
        (
            Data("string", '[{"RowKey": "x"}, {"rowkey": "y"}]'),
            [{**KEYS, "RowKey": "x"}, {**KEYS, "RowKey": "y"}],
        ),
        (Data("bytes", b'\xef\xbb\xbf{"partitionkey": 7}'), [{**KEYS, "PartitionKey": "7"}]),
        (Data("json", '{"a": null, "odata.etag": "x", "Timestamp": "t"}'), [KEYS]),
        (Data("json", '{"etag": "*"}'), [{**KEYS, "ETag": "*"}]),
        (Data("json", '{"a": {"b": [1, 2]}}'), [{**KEYS, "a": '{"b":[1,2]}'}]),
        (Data("json", "[]"), []),
    ],
)
def test_outputs_become_entities(given: Data, entities: list[dict[str, Any]]) -> None:
    assert from_value(given, KEYS) == entities


@pytest.mark.parametrize(
    ("value", "keys", "message"),
    [
        (Data("string", "no JSON"), KEYS, "no JSON"),
        (Data("bytes", b"\xff"), KEYS, "no JSON"),
        (Data("string", "[1]"), KEYS, "int"),
        (Data("int", 3), KEYS, "int"),
        (Data("json", "{}"), {}, "no PartitionKey and no RowKey"),
    ],
)
def test_what_is_no_entity_is_told(value: Data, keys: dict[str, str], message: str) -> None:
    with pytest.raises(LazuliteError, match=message):
        from_value(value, keys)
