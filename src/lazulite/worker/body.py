"""Reading request bodies, up to the limit."""

from __future__ import annotations

from typing import Any


class BodyTooLarge(Exception):
    """The body is larger than the limit: 413."""


class ClientGone(Exception):
    """The client left before its body was complete."""


async def read_body(scope: Any, proto: Any, limit: int) -> bytes:
    """The whole body (b'' where there is none), of any transfer encoding.

    Raises BodyTooLarge before reading when Content-Length says so, else as soon as the limit is
    passed; ClientGone.
    """
    length = scope.headers.get("content-length")
    if length is not None:
        if not length.isdigit():
            raise ClientGone("a malformed content-length")
        if int(length) > limit:
            raise BodyTooLarge
        if length == "0":
            return b""
        try:
            body: bytes = await proto()
        except Exception as error:
            raise ClientGone(str(error)) from error
        return body
    if "transfer-encoding" not in scope.headers and scope.http_version != "2":
        return b""
    pieces: list[bytes] = []
    size = 0
    try:
        async for piece in proto:
            size += len(piece)
            if size > limit:
                raise BodyTooLarge
            pieces.append(piece)
    except BodyTooLarge:
        raise
    except Exception as error:
        raise ClientGone(str(error)) from error
    return b"".join(pieces)
