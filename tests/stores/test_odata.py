"""Filters: what they mean, and that nothing but StoreError comes out of malformed ones."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.errors import StoreError
from lazulite.stores.odata import parse_filter, parse_time

ENTITY = {
    "PartitionKey": "p",
    "RowKey": "1",
    "Age": 30,
    "Score": 1.5,
    "Active": True,
    "When": datetime(2024, 1, 1, tzinfo=timezone.utc),
    "Id": UUID(int=7),
    "Raw": b"\x01",
}


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ("", True),
        ("Age eq 30", True),
        ("30 eq Age", True),
        ("Age eq 30.0", True),
        ("Age gt 29 and Age lt 31L", True),
        ("Score eq 15e-1", True),
        ("Active", True),
        ("not Active", False),
        ("true", True),
        ("Age eq '30'", False),
        ("Absent eq 1", False),
        ("Absent ne 1", False),
        ("not (Absent eq 1)", True),
        ("Active eq 1", False),
        ("When ge datetime'2023-12-31T23:59:59.9999999Z'", True),
        ("Id eq guid'00000000-0000-0000-0000-000000000007'", True),
        ("Raw eq binary'01' or false", True),
        ("Age eq -30", False),
        ("RowKey eq 'and'", False),
        ("((((Age eq 30))))", True),
        ("Age eq Age", True),
    ],
)
def test_meaning(filter: str, expected: bool) -> None:
    assert parse_filter(filter).matches(ENTITY) is expected


@pytest.mark.parametrize(
    ("filter", "keys"),
    [
        ("PartitionKey eq 'a' and RowKey eq 'b'", {"PartitionKey": "a", "RowKey": "b"}),
        ("(PartitionKey eq 'a') and (Age gt 1 or RowKey eq 'b')", {"PartitionKey": "a"}),
        ("PartitionKey eq 'a' or RowKey eq 'b'", {}),
        ("not (PartitionKey eq 'a')", {}),
        ("PartitionKey gt 'a'", {}),
        ("PartitionKey eq RowKey", {}),
    ],
)
def test_keys_that_a_match_must_have(filter: str, keys: dict[str, str]) -> None:
    assert parse_filter(filter).keys == keys


@pytest.mark.parametrize(
    ("filter", "place"),
    [
        ("Age eq", "character 7"),
        ("Age 30", "character 5"),
        ("Age eq 30 30", "character 11"),
        ("(Age eq 30", "character 11"),
        ("Age eq #", "character 8"),
        ("Age eq 'x", "character 8"),
        ("Age eq guid'x'", "character 8"),
        ("Age eq X'0'", "character 8"),
        ("eq eq 1", "character 1"),
        ("(" * 5000, "too deeply"),
    ],
)
def test_errors_say_where(filter: str, place: str) -> None:
    with pytest.raises(StoreError, match=place):
        parse_filter(filter)


@given(st.text())
def test_any_text_is_a_filter_or_a_store_error(text: str) -> None:
    try:
        parse_filter(text).matches(ENTITY)
    except StoreError:
        pass


values = st.one_of(st.integers(-(2**63), 2**63 - 1), st.booleans(), st.text(), st.uuids())


def literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return f"guid'{value}'" if isinstance(value, UUID) else f"{value}L"


@given(values, values)
def test_a_value_equals_itself_and_no_other(one: Any, other: Any) -> None:
    found = parse_filter(f"V eq {literal(one)}")
    assert found.matches({"V": one})
    assert found.matches({"V": other}) is (type(one) is type(other) and one == other)


trees = st.recursive(
    st.sampled_from(["a", "b", "c"]),
    lambda inner: st.one_of(
        st.tuples(st.just("not"), inner),
        st.tuples(st.sampled_from(["and", "or"]), inner, inner),
    ),
    max_leaves=20,
)


def written(tree: Any, python: bool) -> str:
    if isinstance(tree, str):
        return f"v['{tree}']" if python else f"{tree} eq true"
    if tree[0] == "not":
        return f"(not {written(tree[1], python)})" if python else f"not ({written(tree[1], False)})"
    return f"({written(tree[1], python)} {tree[0]} {written(tree[2], python)})"


@given(trees, st.fixed_dictionaries({n: st.booleans() for n in "abc"}))
def test_logic_is_that_of_python(tree: Any, v: dict[str, bool]) -> None:
    expected = eval(written(tree, python=True), {"v": v})
    assert parse_filter(written(tree, python=False)).matches(v) is expected


@given(st.datetimes(timezones=st.just(timezone.utc)))
def test_times_are_read_as_written(time: datetime) -> None:
    assert parse_time(time.isoformat()) == time
