"""Between wire values and what functions see, by azure.functions' own converters."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from typing import Any

from azure.functions.meta import Datum

from lazulite.model import BindingSpec, Data
from lazulite.worker.signature import converter_for


class ConversionError(TypeError):
    """A value does not fit its binding."""


def metadata_datums(metadata: Mapping[str, Any]) -> dict[str, Datum]:
    """Trigger metadata as the converters read it: all but text, bytes and floats is JSON."""
    datums: dict[str, Datum] = {}
    for name, value in metadata.items():
        if value is None:
            continue
        if isinstance(value, str):
            datums[name] = Datum(value, "string")
        elif isinstance(value, bytes):
            datums[name] = Datum(value, "bytes")
        elif isinstance(value, float):
            datums[name] = Datum(value, "double")
        else:
            datums[name] = Datum(json.dumps(value), "json")
    return datums


def decode(binding: BindingSpec, pytype: Any, data: Data, metadata: Mapping[str, Any]) -> Any:
    """What the function's parameter receives for `data`."""
    if data.type == "none":
        return None
    converter = converter_for(binding, pytype)
    if converter is None:
        return _decode_generic(pytype, data)
    if data.type == "file":
        return _decode_file(converter, data.value, metadata)
    datum = Datum(data.value, data.type)
    return converter.decode(
        datum, trigger_metadata=metadata_datums(metadata) if binding.is_trigger else None
    )


def _decode_generic(pytype: Any, data: Data) -> Any:
    value = data.value
    if data.type == "file":
        with open(value, "rb") as file:
            value = file.read()
    if pytype is str and isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if pytype is bytes and isinstance(value, str):
        return value.encode()
    return value


def _decode_file(converter: Any, path: str, metadata: Mapping[str, Any]) -> Any:
    """A stream over a spooled file: its content never is in memory at once."""
    stream = converter.decode(
        Datum(b"", "bytes"), trigger_metadata=metadata_datums(metadata) if metadata else None
    )
    if hasattr(stream, "_io"):
        stream._io = open(path, "rb")  # noqa: SIM115 - lives as long as the stream
        return stream
    with open(path, "rb") as file:
        return converter.decode(
            Datum(file.read(), "bytes"),
            trigger_metadata=metadata_datums(metadata) if metadata else None,
        )


def encode(binding: BindingSpec, pytype: Any, value: Any, spool: str) -> Data:
    """An output value for the wire. `spool` is a directory for what is too large for a frame.

    Raises ConversionError, or what the converter raises.
    """
    converter = converter_for(binding, pytype)
    if converter is None:
        return _encode_generic(value, pytype, spool)
    if callable(getattr(value, "read", None)) and converter.check_output_type_annotation(
        type(value)
    ):
        return _spool(value, spool)
    try:
        datum = converter.encode(value, expected_type=pytype)
    except NotImplementedError as error:
        raise ConversionError(_unsupported(converter, value)) from error
    if datum is None or datum.type is None:
        return Data("none", None)
    return large(Data(datum.type, datum.value), spool)


def _encode_generic(value: Any, pytype: Any, spool: str) -> Data:
    if value is None:
        return Data("none", None)
    if isinstance(value, str):
        return large(Data("string", value), spool)
    if isinstance(value, (bytes, bytearray)):
        return large(Data("bytes", bytes(value)), spool)
    if isinstance(value, (dict, list)):
        return large(Data("json", json.dumps(value)), spool)
    if isinstance(value, int):
        return Data("int", value)
    if isinstance(value, float):
        return Data("double", value)
    raise ConversionError(_unsupported("GenericBinding", value))


def _unsupported(converter: Any, value: Any) -> str:
    return (
        f'unable to encode outgoing TypedData: unsupported type "{converter}" '
        f'for Python type "{type(value).__name__}"'
    )


INLINE_LIMIT = 4 * 1024 * 1024


def large(data: Data, spool: str) -> Data:
    """`data` itself, or a spooled file in its place when it is bytes of more than 4 MiB."""
    if data.type == "bytes" and len(data.value) > INLINE_LIMIT:
        handle, path = tempfile.mkstemp(dir=spool)
        with os.fdopen(handle, "wb") as file:
            file.write(data.value)
        return Data("file", path)
    return data


def _spool(source: Any, spool: str) -> Data:
    """Copy a file-like object into the spool, piece by piece."""
    handle, path = tempfile.mkstemp(dir=spool)
    with os.fdopen(handle, "wb") as file:
        first = source.read(1024 * 1024)
        if isinstance(first, str):
            file.write(first.encode())
            for piece in iter(lambda: source.read(1024 * 1024), ""):
                file.write(piece.encode())
        else:
            file.write(first)
            shutil.copyfileobj(source, file, 1024 * 1024)
    return Data("file", path)
