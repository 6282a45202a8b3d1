"""Edits of JSON with comments change what they are for, and nothing else."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.cli import json_edit
from lazulite.errors import FileSyntaxError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(JSON, st.sampled_from([None, 1, 2, "\t"]), st.booleans())
def test_reads_what_json_writes(value: object, indent: str | int | None, ascii: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii)
    assert json_edit.parse(text, "f").value == value


@given(st.text(max_size=40) | st.text("{}[]:,\"'/*\n ab1\\", max_size=20))
def test_fails_with_its_own_error_only(text: str) -> None:
    with suppress(FileSyntaxError):
        json_edit.parse(text, "f")


def test_nesting_without_end() -> None:
    with pytest.raises(FileSyntaxError, match="nested too deeply"):
        json_edit.parse("[" * 100_000, "f")


@given(
    st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=4),
    st.text(max_size=4),
    st.text(max_size=4),
    st.sampled_from([None, 2]),
)
def test_adding_and_removing(
    members: dict[str, str], key: str, value: str, indent: int | None
) -> None:
    text = json.dumps(members, indent=indent)
    node = json_edit.parse(text, "f")
    if key in members:
        found = next(m for m in node.members if m.key == key)
        left = {k: v for k, v in members.items() if k != key}
        assert json_edit.parse(json_edit.remove(text, node, found), "f").value == left
    else:
        added = json_edit.add(text, node, key, value)
        assert json_edit.parse(added, "f").value == {**members, key: value}
        assert json.loads(added) == {**members, key: value}


TEXT = """\ufeff// top
{
  'one': 1, // about one
  two: "2", /* between */

  // about three
  "three": {"x": [1, 2,],},
}
"""


def test_lenient_reading() -> None:
    assert json_edit.parse(TEXT, "f").value == {"one": 1, "two": "2", "three": {"x": [1, 2]}}


@pytest.mark.parametrize("key", ["one", "two", "three"])
def test_removing_keeps_the_comments_of_others(key: str) -> None:
    node = json_edit.parse(TEXT, "f")
    member = node.member(key.upper())
    assert member is not None
    text = json_edit.remove(TEXT, node, member)
    left = {k: v for k, v in {"one": 1, "two": "2", "three": {"x": [1, 2]}}.items() if k != key}
    assert json_edit.parse(text, "f").value == left
    for comment in ("// top", "// about one", "/* between */", "// about three"):
        assert comment in text


def test_adding_behind_a_comment() -> None:
    text = '{\n  "a": 1 // note\n}'
    added = json_edit.add(text, json_edit.parse(text, "f"), "b", "x")
    assert added == '{\n  "a": 1, // note\n  "b": "x"\n}'
    empty = '{"Values": {}}'
    values = json_edit.parse(empty, "f").member("Values")
    assert values is not None
    assert json.loads(json_edit.add(empty, values.node, "k", "v")) == {"Values": {"k": "v"}}


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("", 1, 1),
        ("{", 1, 2),
        ('{\n "a" 1}', 2, 6),
        ("[1 2]", 1, 4),
        ("{}x", 1, 3),
        ("[tru]", 1, 2),
    ],
)
def test_errors_have_their_place(text: str, line: int, column: int) -> None:
    with pytest.raises(FileSyntaxError) as caught:
        json_edit.parse(text, "f.json")
    where = caught.value.where
    assert where is not None
    assert (where.file, where.line, where.column) == ("f.json", line, column)
