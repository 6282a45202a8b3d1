"""From an output's value to the bodies of messages. No I/O."""

from __future__ import annotations

import json
from typing import Any

from lazulite.errors import InvocationError
from lazulite.expr.dotnet import to_text
from lazulite.model import Data


def bodies(data: Data) -> list[bytes]:
    """The messages that an output's value stands for.

    Bytes and text are one message. A JSON array, typed as such or as text that looks like one, is
    one message per element; an object one message, printed with an indent of two as the original
    does. What `func.QueueMessage` is sent as (`id` and `body`) gives its body only.

    Raises InvocationError for a value that is none of these.
    """
    kind, value = data.type, data.value
    if kind == "bytes":
        return [value]
    if kind == "file":
        with open(value, "rb") as file:
            return [file.read()]
    if kind == "collection_bytes":
        return list(value)
    if kind == "collection_string":
        return [_encoded(text) for text in value]
    if kind in ("int", "double"):
        return [to_text(value).encode()]
    if kind == "json":
        return _of_json(json.loads(value), typed=True)
    if kind == "string":
        return _of_text(value)
    raise InvocationError(f"A value of type '{kind}' cannot be put into a queue.")


def _of_text(text: str) -> list[bytes]:
    bare = text.strip()
    if bare[:1] + bare[-1:] not in ("{}", "[]"):
        return [_encoded(text)]
    try:
        value = json.loads(bare)
    except (ValueError, RecursionError):
        return [_encoded(text)]  # the original fails here; the text is as good a message
    return _of_json(value, typed=False)


def _of_json(value: Any, *, typed: bool) -> list[bytes]:
    if isinstance(value, list):
        return [_element(item, typed) for item in value]
    if value is None:
        return []
    return [_element(value, typed)]


def _element(value: Any, typed: bool) -> bytes:
    if isinstance(value, str):
        return _encoded(value)
    if isinstance(value, dict):
        if typed and list(value) == ["id", "body"] and isinstance(value["body"], str):
            return _encoded(value["body"])
        return _pretty(value)
    if isinstance(value, list):
        return _pretty(value)
    return to_text(value).encode()


def _pretty(value: Any) -> bytes:
    return _encoded(json.dumps(value, indent=2, ensure_ascii=False))


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise InvocationError(f"The message is no valid Unicode text: {error}.") from None
