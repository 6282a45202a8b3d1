"""Blob contents between a store and the spool: what is large is never in memory as a whole."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import struct
import tempfile
from collections.abc import Mapping

from lazulite.abc import BlobProperties, BlobStore
from lazulite.model import Data

# Bytes beyond this travel to the worker as a spooled file.
INLINE_LIMIT = 1024 * 1024


async def fetch(
    blobs: BlobStore, container: str, name: str, spool: str
) -> tuple[Data, BlobProperties]:
    """The content of a blob and its properties, both of one version. Raises NotFound.

    The content is `bytes`, or beyond 1 MiB a `file` in the spool, which `discard` deletes.
    """
    path = await asyncio.to_thread(_new_file, spool)
    try:
        properties = await blobs.download(container, name, path)
        if properties.length > INLINE_LIMIT:
            return Data("file", path), properties
        content = await asyncio.to_thread(_take, path)
    except BaseException:
        _delete(path)
        raise
    return Data("bytes", content), properties


async def put(
    blobs: BlobStore, container: str, name: str, value: Data, metadata: Mapping[str, str]
) -> None:
    """Write an output's value as a blob, whole or not at all."""
    source = value.value if value.type == "file" else blob_bytes(value)
    await blobs.upload(container, name, source, metadata=metadata)


def discard(value: Data) -> None:
    """Delete the spooled file of a value that has one."""
    if value.type == "file":
        _delete(value.value)


def blob_bytes(value: Data) -> bytes:
    """What the original stores for a value: text in UTF-8, JSON compact, numbers as .NET has them
    in memory (little-endian; an int takes 4 bytes, or 8 where it must, a bool 1, a double 8)."""
    given = value.value
    if value.type == "bytes":
        return bytes(given)
    if value.type == "string":
        return str(given).encode()
    if value.type == "double":
        return struct.pack("<d", given)
    if value.type == "int":
        return _int_bytes(given)
    text = given
    if value.type == "json":
        text = json.dumps(json.loads(given), separators=(",", ":"), ensure_ascii=False)
    elif not isinstance(text, str):
        text = json.dumps(given, separators=(",", ":"), ensure_ascii=False)
    return str(text).encode()


def _int_bytes(number: int) -> bytes:
    if isinstance(number, bool):
        return struct.pack("<?", number)
    if -(2**31) <= number < 2**31:
        return struct.pack("<i", number)
    if -(2**63) <= number < 2**63:
        return struct.pack("<q", number)
    return str(number).encode()


def _new_file(spool: str) -> str:
    handle, path = tempfile.mkstemp(prefix="blob-", dir=spool)
    os.close(handle)
    return path


def _take(path: str) -> bytes:
    with open(path, "rb") as file:
        content = file.read()
    os.unlink(path)
    return content


def _delete(path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)
