"""Entities there and back through JSON."""

from __future__ import annotations

import json
import math
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.cli.storage.entity import entity_from_json, entity_to_json
from lazulite.errors import UsageError

KEYS = {"PartitionKey": "p", "RowKey": "r"}
VALUES = st.one_of(
    st.text(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.binary(),
    st.uuids(),
    st.datetimes(timezones=st.just(timezone.utc)),
)


@given(st.dictionaries(st.from_regex(r"[A-Z][a-z]{0,5}", fullmatch=True), VALUES))
def test_there_and_back(values: dict[str, Any]) -> None:
    entity = {**values, **KEYS}
    back = entity_from_json(json.loads(json.dumps(entity_to_json(entity))))
    assert back == entity
    assert {name: type(value) for name, value in back.items()} == {
        name: type(value) for name, value in entity.items()
    }


def test_not_a_number() -> None:
    assert math.isnan(entity_from_json(entity_to_json({**KEYS, "N": math.nan}))["N"])


def test_other_ways_to_write_a_time() -> None:
    for text in (
        "2026-01-02T03:00:00Z",
        "2026-01-02T03:00:00.0000000Z",
        "2026-01-02T03:00:00.0Z",
        "2026-01-02T05:00:00+02:00",
        "2026-01-02T03:00:00",
    ):
        raw = {**KEYS, "T": text, "T@odata.type": "Edm.DateTime"}
        assert entity_from_json(raw)["T"] == datetime(2026, 1, 2, 3, tzinfo=timezone.utc)


def test_null_is_no_property() -> None:
    assert entity_from_json({**KEYS, "A": None}) == KEYS


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ([1], "JSON object"),
        ({"PartitionKey": "p"}, "no RowKey"),
        ({"PartitionKey": 1, "RowKey": "r"}, "no PartitionKey"),
        ({**KEYS, "A": {}}, "'A' is no single value"),
        ({**KEYS, "A": "x", "A@odata.type": "Edm.Guid"}, "'A' is no Edm.Guid"),
        ({**KEYS, "A": "x", "A@odata.type": "Edm.Boolean"}, "'A' is no Edm.Boolean"),
        ({**KEYS, "A": "x", "A@odata.type": "Edm.Shape"}, "'Edm.Shape' of 'A'"),
    ],
)
def test_what_is_no_entity(raw: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        entity_from_json(raw)
