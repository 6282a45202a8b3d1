"""Binding values in frames: (type, value) pairs whose bytes travel as parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Pair = tuple[str, Any]


def pack(values: Mapping[str, Pair], parts: list[bytes]) -> dict[str, list[Any]]:
    """A JSON-able form of `values`; their bytes are appended to `parts`."""
    packed: dict[str, list[Any]] = {}
    for name, (kind, value) in values.items():
        if kind == "bytes":
            packed[name] = [kind, len(parts)]
            parts.append(value)
        elif kind == "collection_bytes":
            packed[name] = [kind, list(range(len(parts), len(parts) + len(value)))]
            parts.extend(value)
        else:
            packed[name] = [kind, value]
    return packed


def unpack(packed: Mapping[str, Sequence[Any]], parts: Sequence[bytes]) -> dict[str, Pair]:
    """What `pack` packed."""
    values: dict[str, Pair] = {}
    for name, (kind, value) in packed.items():
        if kind == "bytes":
            values[name] = (kind, parts[value])
        elif kind == "collection_bytes":
            values[name] = (kind, [parts[index] for index in value])
        else:
            values[name] = (kind, value)
    return values
