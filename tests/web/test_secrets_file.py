from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.web.secrets_file import (
    HostSecrets,
    key_table,
    new_function,
    new_host,
    parse_function,
    parse_host,
    render_function,
    render_host,
)
from tests.web.keyform import kind_of

keys = st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3)


@given(st.text(max_size=5), keys, keys)
def test_documents_round_trip(
    master: str, functions: dict[str, str], system: dict[str, str]
) -> None:
    host = HostSecrets(master, functions, system)
    assert parse_host(json.loads(json.dumps(render_host(host)))) == host
    assert parse_function(json.loads(json.dumps(render_function(functions)))) == functions


def test_the_layout_of_the_host_document() -> None:
    document = render_host(HostSecrets("m", {"default": "f"}, {}), "site", "i1")
    assert document == {
        "masterKey": {"name": "master", "value": "m", "encrypted": False},
        "functionKeys": [{"name": "default", "value": "f", "encrypted": False}],
        "systemKeys": [],
        "hostName": "site",
        "instanceId": "i1",
        "source": "runtime",
        "decryptionKeyId": "",
    }


def test_the_first_form_of_the_documents() -> None:
    assert parse_host({"masterKey": "m", "functionKey": "f"}) == ("m", {"default": "f"}, {})
    assert parse_function({"key": "k"}) == {"default": "k"}


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ([], "not a JSON object"),
        ({"masterKey": {"name": "master", "value": "x", "encrypted": True}}, "encrypted"),
        ({"masterKey": {"name": "master"}}, "no text"),
        ({"functionKeys": {}}, "not a list"),
        ({"functionKeys": ["x"]}, "not a JSON object"),
    ],
)
def test_bad_documents(document: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_host(document)


def test_a_function_document_needs_keys() -> None:
    with pytest.raises(ValueError, match="no 'keys'"):
        parse_function({})


def test_new_secrets_and_the_table_of_all() -> None:
    host, function = new_host(), new_function()
    table = key_table(host, {"Fn": function})
    assert kind_of(table.master) == "master"
    assert kind_of(table.host["default"]) == "function"
    assert kind_of(table.functions["fn"]["default"]) == "function"
