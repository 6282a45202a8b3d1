from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.errors import ExpressionError
from lazulite.expr.names import Builtins, HttpNames, NameTable, binding_names
from lazulite.expr.template import BoundNames, Expression, Template, resolve_all

NOW = datetime(2024, 3, 5, 14, 7, 9, tzinfo=timezone.utc)
GUID = UUID("00112233-4455-6677-8899-aabbccddeeff")
BUILTINS = Builtins("Copy", lambda: NOW, lambda: GUID)


def resolve(text: str, names: dict[str, Any] | NameTable | None = None) -> str:
    return Template.parse(text).resolve(names or {}, BUILTINS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("", ""),
        ("a/{Name}.{n}", "a/x.5"),
        ("{deep.INNER.leaf}", "7.5"),
        ("{deep.inner}", ""),
        ("{{{name}}}", "{x}"),
        ("{{}}", "{}"),
        ("{flag}", "True"),
        ("{rand-guid}", str(GUID)),
        ("{Rand-Guid:N}", GUID.hex),
        ("{rand-guid:b}", f"{{{GUID}}}"),
        ("{DateTime}", "2024-03-05T14-07-09Z"),
        ("{datetime:yyyy/MM/dd HH:mm}", "2024/03/05 14:07"),
        ("{datetime:yyyy.MM}", "2024.03"),
        ("{sys.methodname}-{SYS.UtcNow:yyyy}-{sys.randguid:N}", f"Copy-2024-{GUID.hex}"),
        ("{when:yyyy}", "2024"),
        ("{name:yyyy}", "x"),
        ("{a.b}", "dotted"),
    ],
)
def test_expressions(text: str, expected: str) -> None:
    names = {
        "name": "x", "n": 5, "flag": True, "deep": {"Inner": {"Leaf": 7.5}}, "when": NOW,
        "a.b": "dotted",
    }  # fmt: skip
    assert resolve(text, names) == expected


def test_a_bound_name_hides_a_builtin_but_not_sys() -> None:
    names = {"DATETIME": "mine", "rand-guid": "too", "sys": {"methodname": "no"}}
    assert resolve("{datetime} {rand-guid} {sys.methodname}", names) == "mine too Copy"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{nope}", "No value for named parameter 'nope'."),
        ("{nope.x}", "No value for named parameter 'nope'."),
        ("{o.x}", "Error while accessing 'x': property doesn't exist."),
        ("{o.p.x.y}", "Error while accessing 'x': property doesn't exist."),
        ("{s.x}", "Error while accessing 'x': property doesn't exist."),
        ("{sys.nope}", "Error while accessing 'nope': property doesn't exist."),
        ("{datetime.x}", "Error while accessing 'x': property doesn't exist."),
        ("{sys}", "No value for named parameter 'sys'."),
        ("{rand-guid:Q}", "Invalid format in '{rand-guid:Q}': 'Q' is no GUID format"),
    ],
)
def test_what_cannot_be_resolved(text: str, message: str) -> None:
    with pytest.raises(ExpressionError, match=re.escape(message)):
        resolve(text, {"o": {"p": {}}, "s": "text"})


@pytest.mark.parametrize("text", ["{", "}", "a{b", "a}b", "{}", "{:x}", "{a{b}}", "{a..b}", "{a.}"])
def test_invalid_templates(text: str) -> None:
    with pytest.raises(ExpressionError, match=r"^Invalid template "):
        Template.parse(text)


@given(st.text("{}a:.", max_size=12))
def test_any_text_is_a_template_or_invalid(text: str) -> None:
    try:
        template = Template.parse(text)
    except ExpressionError:
        return
    again = "".join(
        part.replace("{", "{{").replace("}", "}}") if isinstance(part, str) else str(part)
        for part in template.parts
    )
    assert Template.parse(again).parts == template.parts


@given(st.text())
def test_doubled_braces_stand_for_themselves(text: str) -> None:
    assert resolve(text.replace("{", "{{").replace("}", "}}")) == text


PLAIN = st.text(st.characters(exclude_characters="{}"), min_size=1)
NAMES = st.text("abcXYZ-_", min_size=1, max_size=4)


@given(st.lists(st.one_of(PLAIN, NAMES.map(Expression)), max_size=6), st.text())
def test_each_expression_is_replaced_by_its_value(
    parts: list[str | Expression], value: str
) -> None:
    template = Template.parse("".join(map(str, parts)))
    assert template.names == tuple(p.path for p in parts if isinstance(p, Expression))
    names = {name.swapcase(): value for name in template.names}
    expected = "".join(p if isinstance(p, str) else value for p in parts)
    assert template.resolve(names, BUILTINS) == expected


def test_later_sources_hide_earlier_ones() -> None:
    http = HttpNames(
        query=[("q", "1"), ("q", "2"), ("code", "secret"), ("id", "query"), ("x.y", "z")],
        headers={"x-one": "h", "content-type": "application/json"},
        route={"ID": "route"},
        body=b'{"id": "body", "q": "body", "only": {"n": null}, "list": [], "no": null}',
    )
    names = binding_names({"id": "metadata", "DequeueCount": 3}, None, http)
    assert resolve("{id} {q} {only.n} {dequeuecount}", names) == "route 2  3"
    assert resolve("{Query.Q} {query.code} {headers.X-One} {query.x.y}", names) == "2 secret h z"
    for absent in ("code", "list", "no"):
        with pytest.raises(ExpressionError, match="No value for named parameter"):
            resolve(f"{{{absent}}}", names)


def test_the_members_of_a_json_message_override_metadata() -> None:
    names = binding_names({"Id": "m", "PopReceipt": "p"}, ' {"ID": 5, "a": {"b": true}} ')
    assert resolve("{id} {popreceipt} {a.b}", names) == "5 p True"


@pytest.mark.parametrize("text", ["[1]", "{bad}", "text", "", "{" * 50_000 + "}", '{"a": 1} x'])
def test_other_messages_name_nothing(text: str) -> None:
    assert list(binding_names({"a": "m"}, text)) == ["a"]


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "application/octet-stream"])
def test_bodies_that_are_not_looked_into(kind: str) -> None:
    http = HttpNames(headers={"Content-Type": kind}, body=b'{"a": 1}')
    assert "a" not in binding_names({}, None, http)
    assert "a" not in binding_names({}, None, HttpNames(body=b'{"a": "\xff"}'))


def test_strings_at_any_depth() -> None:
    value = {"{n}": ["{n}", 5, {"x": "{n}!"}]}
    assert resolve_all(value, {"n": "v"}, BUILTINS) == {"{n}": ["v", 5, {"x": "v!"}]}


def test_bound_names() -> None:
    assert BoundNames({"n": "v"}, BUILTINS).resolve("{n}/{sys.MethodName}") == "v/Copy"


def test_the_clock_and_the_guids_are_real_unless_given() -> None:
    guids = {Template.parse("{rand-guid}").resolve({}) for _ in range(2)}
    assert len(guids) == 2
    before = datetime.now(timezone.utc).replace(microsecond=0, tzinfo=None)
    assert datetime.fromisoformat(Template.parse("{datetime:s}").resolve({})) >= before
