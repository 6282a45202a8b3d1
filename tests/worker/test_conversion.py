"""Values on their way into functions and out of them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import azure.functions as func
import pytest

from lazulite.model import BindingSpec, Data
from lazulite.worker.conversion import INLINE_LIMIT, ConversionError, decode, encode

BINARY = bytes(range(256))
INPUT = BindingSpec("value", "blob")
TRIGGER = BindingSpec("value", "blobTrigger")
OUTPUT = BindingSpec("value", "blob", "out")
TABLE = BindingSpec("value", "table")
METADATA = {
    "BlobTrigger": "samples/a",
    "Uri": "http://127.0.0.1/samples/a",
    "Properties": {"ContentLength": 256, "ETag": '"1"'},
    "Metadata": {"owner": "me"},
}


def spooled(folder: Path, content: bytes) -> Data:
    path = folder / "in-1"
    path.write_bytes(content)
    return Data("file", str(path))


@pytest.mark.parametrize("as_file", [False, True])
@pytest.mark.parametrize(
    ("pytype", "expected"), [(bytes, BINARY), (str, BINARY.decode("utf-8", "replace"))]
)
def test_a_content_as_bytes_and_text(
    tmp_path: Path, as_file: bool, pytype: type, expected: Any
) -> None:
    data = spooled(tmp_path, BINARY) if as_file else Data("bytes", BINARY)
    assert decode(INPUT, pytype, data, {}) == expected
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("pytype", [None, func.InputStream])
@pytest.mark.parametrize("as_file", [False, True])
def test_a_content_as_a_stream(tmp_path: Path, as_file: bool, pytype: Any) -> None:
    data = spooled(tmp_path, BINARY) if as_file else Data("bytes", BINARY)
    stream = decode(INPUT, pytype, data, {})
    assert isinstance(stream, func.InputStream)
    assert (stream.name, stream.length, stream.uri) == (None, None, None)
    assert list(tmp_path.iterdir()) == []  # and yet it can be read
    assert stream.read(3) == BINARY[:3]
    assert stream.read() == BINARY[3:]


def test_a_triggers_file_stays_for_a_retry(tmp_path: Path) -> None:
    data = spooled(tmp_path, BINARY)
    for _ in range(2):
        stream = decode(TRIGGER, func.InputStream, data, METADATA)
        assert stream.read() == BINARY
        assert stream.name == "samples/a"
        assert stream.length == 256
        assert stream.metadata == {"owner": "me"}
        assert stream.blob_properties == METADATA["Properties"]


def test_what_is_not_there_is_none() -> None:
    assert decode(INPUT, func.InputStream, Data("none", None), {}) is None


def test_a_byte_order_mark_is_no_text() -> None:
    assert decode(INPUT, str, Data("bytes", "\ufeffü".encode()), {}) == "ü"


def test_a_table_is_json_text() -> None:
    assert decode(TABLE, None, Data("json", "[]"), {}) == "[]"


@pytest.mark.parametrize("pytype", [None, bytes])
@pytest.mark.parametrize("value", ["x" * (INLINE_LIMIT + 1), b"x" * (INLINE_LIMIT + 1)])
def test_a_large_output_is_a_file(tmp_path: Path, pytype: Any, value: str | bytes) -> None:
    data = encode(OUTPUT, pytype, value, str(tmp_path))
    assert data.type == "file"
    assert Path(data.value).read_bytes() == b"x" * (INLINE_LIMIT + 1)


def test_a_large_text_that_is_no_content_stays_text(tmp_path: Path) -> None:
    text = "x" * (INLINE_LIMIT + 1)
    queue = BindingSpec("value", "queue", "out")
    assert encode(queue, str, text, str(tmp_path)) == Data("string", text)


@pytest.mark.parametrize("source", [io.BytesIO(BINARY), io.StringIO("grün")])
def test_a_stream_is_a_file(tmp_path: Path, source: Any) -> None:
    data = encode(OUTPUT, func.InputStream, source, str(tmp_path))
    expected = BINARY if isinstance(source, io.BytesIO) else "grün".encode()
    assert [Path(data.value)] == list(tmp_path.iterdir())
    assert Path(data.value).read_bytes() == expected


def test_a_stream_that_breaks_leaves_nothing(tmp_path: Path) -> None:
    class Breaks(io.RawIOBase):
        def __init__(self) -> None:
            self.pieces = [b"a", b"b"]

        def read(self, size: int = -1) -> bytes:
            if not self.pieces:
                raise OSError("gone")
            return self.pieces.pop()

    with pytest.raises(OSError, match="gone"):
        encode(OUTPUT, None, Breaks(), str(tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", [5, None, ["a"]])
def test_what_a_blob_cannot_be_is_told(tmp_path: Path, value: Any) -> None:
    with pytest.raises(ConversionError, match="unable to encode outgoing TypedData"):
        encode(OUTPUT, None, value, str(tmp_path))


def test_a_reference_for_a_parameter_that_is_no_client_is_told() -> None:
    with pytest.raises(ConversionError, match="not annotated"):
        decode(INPUT, func.InputStream, Data("model_binding_data", {}), {})
