from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.web.keys import (
    AuthLevel,
    KeyTable,
    caller_level,
    generate_key,
    presented_key,
    satisfies,
)
from tests.web.keyform import kind_of

TABLE = KeyTable("m", {"default": "h"}, {"blobs": "s"}, {"fa": {"default": "a"}, "fb": {"x": "b"}})
ADMIN, SYSTEM, FUNCTION, ANONYMOUS = (
    AuthLevel.ADMIN,
    AuthLevel.SYSTEM,
    AuthLevel.FUNCTION,
    AuthLevel.ANONYMOUS,
)


@pytest.mark.parametrize(
    ("key", "level"),
    [("m", ADMIN), ("s", SYSTEM), ("h", FUNCTION), ("a", FUNCTION), ("b", ANONYMOUS)]
    + [(wrong, ANONYMOUS) for wrong in (None, "", "x", "M", "\ud800")],
)
def test_the_level_of_a_key_at_a_function(key: str | None, level: AuthLevel) -> None:
    assert caller_level(TABLE, key, "FA") is level


def test_an_empty_stored_key_opens_nothing() -> None:
    table = KeyTable("", {"default": ""}, {}, {})
    assert caller_level(table, "", "fa") is ANONYMOUS
    assert caller_level(table, None) is ANONYMOUS


def test_a_key_that_is_listed_twice_gives_the_highest_level() -> None:
    assert caller_level(KeyTable("k", {"d": "k"}, {"s": "k"}), "k") is ADMIN


def test_who_may_call() -> None:
    allowed = {
        (required, caller)
        for required in AuthLevel
        for caller in AuthLevel
        if satisfies(caller, required)
    }
    anonymous = {(ANONYMOUS, caller) for caller in AuthLevel}
    assert allowed == anonymous | {
        (FUNCTION, FUNCTION),
        (FUNCTION, ADMIN),
        (SYSTEM, SYSTEM),
        (SYSTEM, ADMIN),
        (ADMIN, ADMIN),
    }


def test_levels_by_name() -> None:
    assert [AuthLevel.parse(t) for t in (None, "", "Anonymous", "ADMIN")] == [
        FUNCTION,
        FUNCTION,
        ANONYMOUS,
        ADMIN,
    ]
    with pytest.raises(ValueError, match="'open' is no authLevel"):
        AuthLevel.parse("open")


def test_the_header_goes_before_the_query() -> None:
    assert presented_key("a", "b") == "a"
    assert presented_key(None, "b") == "b"
    assert presented_key(None, None) is None


names = st.text(max_size=5)
keys = st.dictionaries(names, names, max_size=3)


@given(names, keys, keys, st.dictionaries(names.map(str.lower), keys, max_size=3))
def test_tables_survive_json(
    master: str,
    host: dict[str, str],
    system: dict[str, str],
    functions: dict[str, dict[str, str]],
) -> None:
    functions = {name.lower(): keys for name, keys in functions.items() if name == name.lower()}
    table = KeyTable(master, host, system, functions)
    assert KeyTable.from_json(json.loads(json.dumps(table.to_json()))) == table


@given(st.binary(min_size=33, max_size=33), st.sampled_from(["master", "system", "function"]))
def test_generated_keys(random: bytes, kind: str) -> None:
    key = generate_key(kind, random)  # type: ignore[arg-type]  # a str to mypy
    assert re.fullmatch(r"[\w-]{44}AzFu[\w-]{5}[AQgw]==", key)
    assert kind_of(key) == kind


def test_generated_keys_differ() -> None:
    assert generate_key("master") != generate_key("master")
