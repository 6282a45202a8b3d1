from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lazulite.wire.codec import Decoder, encode

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
frames = st.tuples(json_values, st.lists(st.binary(max_size=200), max_size=4))


@given(st.lists(frames, max_size=5), st.lists(st.integers(1, 50), max_size=40))
def test_frames_survive_any_cut_of_the_stream(
    sent: list[tuple[Any, list[bytes]]], cuts: list[int]
) -> None:
    stream = b"".join(encode(header, parts) for header, parts in sent)
    decoder = Decoder()
    received: list[tuple[Any, list[bytes]]] = []
    position = 0
    for size in [*cuts, len(stream) + 1]:
        received += decoder.feed(stream[position : position + size])
        position += size
    assert received == sent


def test_text_that_is_no_unicode_survives() -> None:
    [(header, _)] = Decoder().feed(encode({"path": "/a\udcffb"}))
    assert header == {"path": "/a\udcffb"}


def test_parts_are_raw_bytes() -> None:
    part = bytes(range(256)) * 100
    frame = encode(["x"], [part, b""])
    assert part in frame
    assert Decoder().feed(frame) == [(["x"], [part, b""])]
