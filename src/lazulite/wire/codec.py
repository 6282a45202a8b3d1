"""Frames between host and worker: a JSON header and raw byte parts that are never re-encoded.

    u32 header length | u32 number of parts | u32 length of each part | header | parts

All integers are big-endian. JSON and not marshal or pickle: the two ends may be different Python
versions, and a frame can be read by a person.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any

_HEAD = struct.Struct(">II")
_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_loads = json.JSONDecoder().decode

Frame = tuple[Any, list[bytes]]


def encode(header: Any, parts: Sequence[bytes] = ()) -> bytes:
    """One frame. `header` is anything that JSON can say."""
    head = _dumps(header).encode("utf-8", "surrogatepass")
    if not parts:
        return _HEAD.pack(len(head), 0) + head
    lengths = struct.pack(f">{len(parts)}I", *map(len, parts))
    return b"".join((_HEAD.pack(len(head), len(parts)), lengths, head, *parts))


class Decoder:
    """Cuts a byte stream into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes, in order."""
        self._buffer += data
        frames: list[Frame] = []
        position = 0
        while True:
            end, frame = self._cut(position)
            if frame is None:
                break
            frames.append(frame)
            position = end
        if position:
            del self._buffer[:position]
        return frames

    def _cut(self, start: int) -> tuple[int, Frame | None]:
        buffer = self._buffer
        size = len(buffer)
        if size - start < 8:
            return start, None
        head_length, count = _HEAD.unpack_from(buffer, start)
        position = start + 8
        lengths: tuple[int, ...] = ()
        if count:
            if size - position < 4 * count:
                return start, None
            lengths = struct.unpack_from(f">{count}I", buffer, position)
            position += 4 * count
        end = position + head_length + sum(lengths)
        if size < end:
            return start, None
        head = buffer[position : position + head_length]
        position += head_length
        parts = []
        for length in lengths:
            parts.append(bytes(buffer[position : position + length]))
            position += length
        return end, (_loads(head.decode("utf-8", "surrogatepass")), parts)
