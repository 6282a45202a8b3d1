from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.web.text_response import JSON, TEXT, string_response


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("Hello", "Hello"),
        ("  Hello\n", "  Hello\n"),
        ("{not json", "{not json"),
        ("007", "007"),
        ("12 drinks", "12 drinks"),
        ("käse", "käse"),
        ("", ""),
        ("null", ""),
        ("true", "True"),
        ("false", "False"),
        ('"abc"', "abc"),
        ("1.0", "1"),
        ("12", "12"),
        ("1e20", "1E+20"),
        ('{"a":[1,{}],"ä":[]}', '{\n  "a": [\n    1,\n    {}\n  ],\n  "ä": []\n}'),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_a_text_body(text: str, body: str) -> None:
    assert string_response(text) == (200, [("content-type", TEXT)], body.encode(), [])


def test_a_response_object() -> None:
    text = json.dumps(
        {
            "StatusCode": "201",
            "Body": {"a": 1},
            "headers": {"X-A": 5, "Content-Type": "text/html"},
            "cookies": [{"name": "c", "value": "v", "httpOnly": True, "maxAge": 5}, 7],
        }
    )
    assert string_response(text) == (
        201,
        [("X-A", "5"), ("Content-Type", "text/html")],
        b'{\n  "a": 1\n}',
        ["c=v; Max-Age=5; HttpOnly"],
    )


def test_content_negotiation_gives_json() -> None:
    response = string_response('{"body": [1], "enableContentNegotiation": true}')
    assert response.headers == [("content-type", JSON)]


@pytest.mark.parametrize(
    ("given", "status"),
    [("204", 204), ('"404"', 404), ("200.0", 200), ("null", 200), ('"x"', 200), ("7", 500)],
)
def test_the_status_of_a_response_object(given: str, status: int) -> None:
    assert string_response(f'{{"body": "", "status": {given}}}').status == status


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_arrays_keep_their_content(value: object) -> None:
    assert json.loads(string_response(json.dumps([value])).body) == [value]


@given(st.text())
def test_any_string_has_a_response(text: str) -> None:
    assert string_response(text).status >= 200
