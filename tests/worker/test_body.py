from __future__ import annotations

import asyncio

import pytest

from lazulite.worker.body import BodyTooLarge, ClientGone, read_body
from tests.worker.rsgi import Proto, Scope


def read(
    *pieces: bytes,
    length: str | None = None,
    chunked: bool = False,
    fails: bool = False,
    **rest: str,
) -> bytes:
    headers = [("content-length", length)] if length is not None else []
    headers += [("transfer-encoding", "chunked")] if chunked else []

    async def main() -> bytes:
        return await read_body(
            Scope("POST", headers=headers, **rest), Proto(*pieces, fails=fails), 10
        )

    return asyncio.run(main())


def test_framings() -> None:
    assert read() == b""
    assert read(length="0") == b""
    assert read(b"ab", b"c", length="3") == b"abc"
    assert read(b"ab", b"c", chunked=True) == b"abc"
    assert read(b"ab", b"c", http_version="2") == b"abc"


def test_the_limit() -> None:
    assert read(b"x" * 10, length="10") == read(b"x" * 4, b"x" * 6, chunked=True) == b"x" * 10
    with pytest.raises(BodyTooLarge):
        read(length="11")
    with pytest.raises(BodyTooLarge):
        read(b"x" * 6, b"x" * 5, chunked=True)


@pytest.mark.parametrize("length", ["-1", "1e3", "", "x", "+1"])
def test_a_length_that_is_none(length: str) -> None:
    with pytest.raises(ClientGone):
        read(b"x", length=length)


def test_a_client_that_leaves() -> None:
    with pytest.raises(ClientGone):
        read(b"x", length="2", fails=True)
    with pytest.raises(ClientGone):
        read(b"x", chunked=True, fails=True)
