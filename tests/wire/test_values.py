from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lazulite.wire.values import pack, unpack

pairs = (
    st.tuples(st.just("bytes"), st.binary(max_size=30))
    | st.tuples(st.just("string"), st.text(max_size=30))
    | st.tuples(st.just("collection_bytes"), st.lists(st.binary(max_size=9), max_size=3))
    | st.tuples(st.just("int"), st.integers())
    | st.tuples(st.just("none"), st.none())
)


@given(st.dictionaries(st.text(max_size=5), pairs, max_size=5))
def test_values_survive(values: dict[str, tuple[str, Any]]) -> None:
    parts: list[bytes] = [b"taken"]
    assert unpack(pack(values, parts), parts) == values
    assert parts[0] == b"taken"
