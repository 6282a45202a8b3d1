"""What outputs become, and inputs come from."""

from __future__ import annotations

import pytest

from lazulite.bindings.blob.content import blob_bytes
from lazulite.model import Data


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (Data("string", "grün"), "grün".encode()),
        (Data("bytes", b"\x00\xff"), b"\x00\xff"),
        (Data("json", '{"a": [1, "ü"]}'), '{"a":[1,"ü"]}'.encode()),
        (Data("int", 5), b"\x05\x00\x00\x00"),
        (Data("int", -1), b"\xff\xff\xff\xff"),
        (Data("int", 2**40), b"\x00\x00\x00\x00\x00\x01\x00\x00"),
        (Data("int", True), b"\x01"),
        (Data("double", 1.0), b"\x00\x00\x00\x00\x00\x00\xf0\x3f"),
        (Data("collection_string", ["a", "b"]), b'["a","b"]'),
    ],
)
def test_values_are_stored_as_the_original_stores_them(value: Data, stored: bytes) -> None:
    assert blob_bytes(value) == stored
