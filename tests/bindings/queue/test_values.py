from __future__ import annotations

import json
from typing import Any

import pytest
from azure.functions.queue import QueueMessage, QueueMessageOutConverter
from hypothesis import given
from hypothesis import strategies as st

from lazulite.bindings.queue.values import bodies
from lazulite.errors import InvocationError
from lazulite.model import Data


@pytest.mark.parametrize(
    ("data", "messages"),
    [
        (Data("string", "hello"), [b"hello"]),
        (Data("string", ""), [b""]),
        (Data("string", " spaces "), [b" spaces "]),
        (Data("bytes", b"\xff\x00"), [b"\xff\x00"]),
        (Data("string", '["a", 1, true, 2.5]'), [b"a", b"1", b"True", b"2.5"]),
        (Data("string", '{"a": 1}'), [b'{\n  "a": 1\n}']),
        (Data("string", "{not json}"), [b"{not json}"]),
        (Data("json", '{"a": {"b": [1]}}'), [b'{\n  "a": {\n    "b": [\n      1\n    ]\n  }\n}']),
        (Data("json", '["x", {"a": null}]'), [b"x", b'{\n  "a": null\n}']),
        (Data("json", "[]"), []),
        (Data("json", "null"), []),
        (Data("json", '"text"'), [b"text"]),
        (Data("int", 5), [b"5"]),
        (Data("double", 1.0), [b"1"]),
        (Data("collection_string", ["a", "b"]), [b"a", b"b"]),
        (Data("collection_bytes", [b"a"]), [b"a"]),
        # a dict that a function made into text itself keeps its members
        (Data("string", '{"id": null, "body": "x"}'), [b'{\n  "id": null,\n  "body": "x"\n}']),
    ],
)
def test_values_become_messages(data: Data, messages: list[bytes]) -> None:
    assert bodies(data) == messages


def test_a_queue_message_gives_its_body() -> None:
    message: Any = QueueMessage
    for value, wanted in (
        (message(body="one"), [b"one"]),
        ([message(id="5", body="one"), "two"], [b"one", b"two"]),
        (("a", "b"), [b"a", b"b"]),
    ):
        datum = QueueMessageOutConverter.encode(value, expected_type=None)
        assert bodies(Data(datum.type, datum.value)) == wanted  # type: ignore[arg-type]


def test_other_values_are_refused() -> None:
    with pytest.raises(InvocationError, match="'model_binding_data' cannot be put"):
        bodies(Data("model_binding_data", {}))


@given(st.text())
def test_text_is_one_message_or_the_json_that_it_is(text: str) -> None:
    messages = [body.decode("utf-8", "surrogatepass") for body in bodies(Data("string", text))]
    if messages != [text]:
        value = json.loads(text.strip())
        assert isinstance(value, (list, dict))


@given(st.lists(st.text()))
def test_a_list_of_texts_is_a_message_each(texts: list[str]) -> None:
    assert bodies(Data("json", json.dumps(texts))) == [text.encode() for text in texts]
