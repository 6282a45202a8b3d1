"""One WebSocket connection as ASGI sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lazulite.worker.asgi import AsgiError

_CLOSE, _BYTES = 0, 1


class WebSocket:
    """`receive` and `send` of one connection.

    The HTTP server can neither choose a subprotocol nor send a close code: `accept` ignores the
    one, `close` the other.
    """

    def __init__(self, proto: Any) -> None:
        self._proto = proto
        self._transport: Any = None
        self._connected = False
        self.closed = False

    async def receive(self) -> dict[str, Any]:
        """The connection, then its messages, then its end."""
        if not self._connected:
            self._connected = True
            return {"type": "websocket.connect"}
        if self._transport is None or self.closed:
            return {"type": "websocket.disconnect", "code": 1005}
        try:
            message = await self._transport.receive()
        except RuntimeError:
            self.closed = True
            return {"type": "websocket.disconnect", "code": 1006}
        kind = int(message.kind)
        if kind == _CLOSE:
            self.closed = True
            return {"type": "websocket.disconnect", "code": 1005}
        if kind == _BYTES:
            return {"type": "websocket.receive", "bytes": message.data}
        return {"type": "websocket.receive", "text": message.data}

    async def send(self, message: Mapping[str, Any]) -> None:
        """Take a message of the app. Raises OSError when the client is gone."""
        kind = message["type"]
        if kind == "websocket.accept":
            if self._transport is not None:
                raise AsgiError("the app accepted the connection twice")
            self._transport = await self._proto.accept()
        elif kind == "websocket.send":
            if self._transport is None:
                raise AsgiError("the app sent a message before it accepted the connection")
            try:
                data = message.get("bytes")
                if data is not None:
                    await self._transport.send_bytes(bytes(data))
                else:
                    await self._transport.send_str(message.get("text") or "")
            except RuntimeError as error:
                self.closed = True
                raise OSError("the client is gone") from error
        elif kind == "websocket.close":
            self.close(403)

    def close(self, status: int) -> None:
        """End the connection; `status` answers one that was not accepted."""
        if not self.closed:
            self.closed = True
            self._proto.close(None if self._transport is not None else status)
