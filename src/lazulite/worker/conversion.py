"""Between wire values and what functions see, by azure.functions' own converters."""

from __future__ import annotations

import contextlib
import io
import json
import os
import tempfile
from collections.abc import Mapping
from typing import Any

from azure.functions.meta import Datum

from lazulite.model import BindingSpec, Data
from lazulite.worker.sdk_types import decode_reference, extension_converter
from lazulite.worker.signature import GENERIC_IN, converter_for


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
    if data.type in REFERENCES:
        return _decode_reference(binding, pytype, data, metadata)
    if data.type == "file":
        return _decode_file(binding, pytype, data.value, metadata)
    return _decode_plain(binding, pytype, data, metadata)


REFERENCES = ("model_binding_data", "collection_model_binding_data")


def _decode_plain(
    binding: BindingSpec, pytype: Any, data: Data, metadata: Mapping[str, Any]
) -> Any:
    converter = converter_for(binding, pytype)
    if converter is None:
        return _decode_generic(pytype, data.value)
    datums = metadata_datums(metadata) if binding.is_trigger else None
    return converter.decode(Datum(data.value, data.type), trigger_metadata=datums)


def _decode_generic(pytype: Any, value: Any) -> Any:
    if pytype is str and isinstance(value, bytes):
        # without a byte order mark, as the original's host reads text
        return value.decode("utf-8-sig", "replace")
    if pytype is bytes and isinstance(value, str):
        return value.encode()
    return value


def _decode_reference(
    binding: BindingSpec, pytype: Any, data: Data, metadata: Mapping[str, Any]
) -> Any:
    converter = extension_converter(binding.type, pytype)
    if converter is None:
        raise ConversionError(
            f"the parameter '{binding.name}' is not annotated with a type that an extension "
            f"package supplies for a {binding.type} binding"
        )
    return decode_reference(converter, data.type, data.value, pytype, metadata)


def _decode_file(binding: BindingSpec, pytype: Any, path: str, metadata: Mapping[str, Any]) -> Any:
    """A parameter of a spooled file's content: where it can be a stream, never in memory at once.

    An input's file is this invocation's alone and goes from the folder here; what is open stays
    readable. A trigger's may be read again by a retry.
    """
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(open(path, "rb"))
        if not binding.is_trigger:
            os.unlink(path)
        if _takes_files(binding) and pytype not in GENERIC_IN:
            empty = Data("bytes", b"")
            stream = _decode_plain(binding, pytype, empty, metadata)
            if hasattr(stream, "_io"):
                stream._io = file
                stack.pop_all()  # the file lives as long as the stream
                return stream
        return _decode_plain(binding, pytype, Data("bytes", file.read()), metadata)


def _takes_files(binding: BindingSpec) -> bool:
    """Whether values of the binding are contents, that a file can stand for."""
    converter = converter_for(binding, None)
    check = getattr(converter, "check_output_type_annotation", None)
    return check is not None and bool(check(io.BytesIO))


def encode(binding: BindingSpec, pytype: Any, value: Any, spool: str) -> Data:
    """An output value for the wire. `spool` is a directory for what is too large for a frame.

    Raises ConversionError, or what the converter raises.
    """
    if isinstance(value, str) and len(value) > INLINE_LIMIT and _takes_files(binding):
        value = value.encode()
    converter = converter_for(binding, pytype)
    if converter is None:
        return _encode_generic(value, spool)
    if is_file(value) and _takes_files(binding):
        return _spool(value, spool)
    try:
        datum = converter.encode(value, expected_type=pytype)
    except NotImplementedError as error:
        raise ConversionError(_unsupported(converter, value)) from error
    if datum is None or datum.type is None:
        return Data("none", None)
    return large(Data(datum.type, datum.value), spool)


def is_file(value: Any) -> bool:
    """Whether an output's value is read piece by piece, which takes time."""
    return callable(getattr(value, "read", None))


def _encode_generic(value: Any, spool: str) -> Data:
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
        return _spool(io.BytesIO(data.value), spool)
    return data


PIECE = 1024 * 1024


def _spool(source: Any, spool: str) -> Data:
    """Copy a file-like object into the spool, piece by piece.

    The file is whole or is not there: a source that fails in between leaves nothing.
    """
    handle, path = tempfile.mkstemp(prefix=f"part-{os.getpid()}-", dir=spool)
    try:
        with os.fdopen(handle, "wb") as file:
            while piece := source.read(PIECE):
                file.write(piece.encode() if isinstance(piece, str) else piece)
    except BaseException:
        os.unlink(path)
        raise
    whole = os.path.join(spool, os.path.basename(path).replace("part", "out", 1))
    os.rename(path, whole)
    return Data("file", whole)
