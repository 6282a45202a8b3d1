from __future__ import annotations

import json
import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.config.jsonc import loads, locate, read_text
from lazulite.errors import ConfigError, FileSyntaxError

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
NOISE = ["", " ", "\n", "\t", "// a } comment\n", "/* one , more */", "/* over\n lines */", "\r\n"]


def decorate(value: Any, chance: random.Random, ascii_only: bool) -> str:
    """`value` as JSON with comments between all tokens and commas at the ends."""

    def gap() -> str:
        return chance.choice(NOISE)

    if isinstance(value, dict | list) and value:
        if isinstance(value, dict):
            items = [
                f"{gap()}{text(name, chance, ascii_only)}{gap()}:"
                f"{gap()}{decorate(item, chance, ascii_only)}{gap()}"
                for name, item in value.items()
            ]
        else:
            items = [f"{gap()}{decorate(item, chance, ascii_only)}{gap()}" for item in value]
        body = ",".join(items) + chance.choice(["", ",", f",{gap()}"])
        return "{" + body + "}" if isinstance(value, dict) else "[" + body + "]"
    return text(value, chance, ascii_only) if isinstance(value, str) else json.dumps(value)


def text(value: str, chance: random.Random, ascii_only: bool) -> str:
    quoted = json.dumps(value, ensure_ascii=ascii_only)
    if chance.random() < 0.5:
        return quoted
    return "'" + quoted[1:-1].replace('\\"', '"').replace("'", "\\'") + "'"


@given(JSON)
def test_reads_all_json(value: Any) -> None:
    assert loads(json.dumps(value)) == value
    assert loads("\ufeff" + json.dumps(value)) == value


@given(JSON, st.integers(), st.booleans())
def test_noise_changes_nothing(value: Any, seed: int, ascii_only: bool) -> None:
    noisy = decorate(value, random.Random(seed), ascii_only)
    assert loads("// first\n" + noisy + "\n/* last */ // end") == value


@given(st.text())
def test_any_text_is_a_value_or_a_syntax_error(content: str) -> None:
    with suppress(FileSyntaxError):
        loads(content)


@given(JSON.filter(lambda value: isinstance(value, dict | list)), st.data())
def test_a_cut_file_is_an_error(value: Any, data: st.DataObject) -> None:
    whole = json.dumps(value)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(FileSyntaxError):
        loads(whole[:cut])


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ("{name: 1, $x: 2, a_b1: 3}", {"name": 1, "$x": 2, "a_b1": 3}),
        ("{'a': 'it\\'s \"so\"'}", {"a": 'it\'s "so"'}),
        ('{"a": 1, "a": 2,}', {"a": 2}),
        ('{"a": 1, "a": 2}', {"a": 2}),
        ("[1, 2.5, -3e2, 0x1F, true, false, null,]", [1, 2.5, -300.0, 31, True, False, None]),
        ("['one\ntwo',]", ["one\ntwo"]),
        ("['\\ud83d\\ude00', '\\u00e9']", ["\U0001f600", "é"]),
        ("['http://x/*y*/',]", ["http://x/*y*/"]),
        ("[-Infinity,]", [float("-inf")]),
    ],
)
def test_lenient_forms(content: str, value: Any) -> None:
    assert loads(content) == value


@pytest.mark.parametrize(
    ("content", "line", "column", "message", "hint"),
    [
        ("", 1, 1, "The file is empty.", "Write at least {}"),
        ("// only\n", 2, 1, "The file is empty.", "Write at least {}"),
        ('{\n  "a": 1\n  "b": 2\n}', 3, 3, "Expected ',' or '}', found '\"'.", "comma missing"),
        ('{\n  "a" 1\n}', 2, 7, "Expected ':' after the name 'a', found '1'.", '"name": value'),
        ('{\n "a": [1,\n', 2, 7, "The '[' here is never closed.", "Add the missing ']'"),
        ('{"a": 1', 1, 1, "The '{' here is never closed.", "Add the missing '}'"),
        ('{"a": True}', 1, 7, "Expected a value, found 'True'.", "Write true."),
        ('{"a": yes}', 1, 7, "Expected a value, found 'yes'.", "double quotes"),
        ('{"a": 1}}', 1, 9, "Unexpected '}' after the end", "closing bracket too many"),
        ('{"a": "x', 1, 7, "The string has no closing quote.", 'End it with "'),
        ('{"a": "C:\\data"}', 1, 10, "'\\d' is no escape sequence", "as two"),
        ('{"a": "\\u12"}', 1, 8, "four hexadecimal digits", ""),
        ("{} /* open", 1, 4, "The comment has no end.", "End it with */"),
        ('{\n "a: 1,\n "b": 2\n}', 2, 2, "The string is not closed on its line.", "quote"),
        ("[1,,2]", 1, 4, "Expected a value, found ','.", ""),
    ],
)
def test_errors_say_where_and_what_to_do(
    content: str, line: int, column: int, message: str, hint: str
) -> None:
    with pytest.raises(FileSyntaxError) as caught:
        loads(content, "some/function.json")
    error = caught.value
    assert error.where is not None
    assert (error.where.line, error.where.column) == (line, column)
    assert message in error.message
    assert hint in (error.hint or "")
    assert str(error).startswith(f"some/function.json:{line}:{column}: ")


def test_an_error_shows_the_line() -> None:
    with pytest.raises(FileSyntaxError) as caught:
        loads('{\n\t"a": 1\n\t"b": 2\n}')
    assert caught.value.message.endswith('\n     "b": 2\n     ^')


def test_a_long_line_is_shown_around_the_fault() -> None:
    with pytest.raises(FileSyntaxError) as caught:
        loads("[" + "1, " * 500 + "x, " + "2, " * 500 + "]")
    _, shown, caret = caught.value.message.split("\n")
    assert len(shown) <= 80
    assert shown[caret.index("^")] == "x"


@pytest.mark.parametrize("content", ["[" * 100_000, '{"a":' * 100_000])
def test_deep_nesting_is_an_error(content: str) -> None:
    with pytest.raises(FileSyntaxError, match="nested too deeply"):
        loads(content)


def test_a_number_beyond_all_bounds_is_an_error_or_a_number() -> None:
    with pytest.raises(FileSyntaxError, match="too long"):
        loads("[" + "9" * 10_000 + "]")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_files_in_any_unicode_encoding(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "a.json"
    file.write_bytes('{"a": "é"}'.encode(encoding))
    assert loads(read_text(file)) == {"a": "é"}


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(b'{"a":\n "\xe9"}')
    with pytest.raises(FileSyntaxError, match=rf"^{file}:2: The file is not UTF-8 text"):
        read_text(file)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_text(tmp_path / "a.json")


def test_locate() -> None:
    content = '{\n // c\n "Bindings": [\n  {"type": "a"},\n  {"type": "b", name: \'n\'}\n ]\n}'
    assert locate(content) == (1, 1)
    assert locate(content, "Bindings", 1, "type") == (5, 12)
    assert locate(content, "bindings", 1, "NAME") == (5, 23)
    assert locate(content, "bindings", 1, "direction") == (5, 3)
    assert locate(content, "bindings", 7) == (3, 14)
    assert locate("{", "a") == (1, 1)


def test_locate_takes_the_last_of_duplicates() -> None:
    assert locate('{"a": 1,\n "A": 2,\n "a": 3}', "a") == (3, 7)
