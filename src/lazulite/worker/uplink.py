"""What the worker asks of the host."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

from lazulite.model import Data
from lazulite.wire.peer import Peer
from lazulite.wire.values import pack, unpack
from lazulite.worker.request import headers_of


class HostRefused(Exception):
    """An input or output failed in the host; the message is its reason."""


class Uplink:
    """The host, as the worker's code sees it. worker: this worker's number."""

    def __init__(self, peer: Peer, worker: int = 0) -> None:
        self._peer = peer
        self._worker = worker
        self._permits = count(1)

    async def web(self, scope: Any, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """Let the host answer an HTTP request: home page, admin API, webhooks."""
        request = {
            "method": scope.method,
            "path": scope.path,
            "query": scope.query_string or "",
            "headers": headers_of(scope),
            "scheme": scope.scheme,
        }
        answer, parts = await self._peer.call("web", request, [body])
        headers = [(name, value) for name, value in answer["headers"]]
        return answer["status"], headers, parts[0] if parts else b""

    async def unknown_key(self) -> None:
        """Have the host look for keys that others have made; returns when this worker has them."""
        await self._peer.call("keys", None)

    def next_permit(self) -> int:
        """A number for the permit to ask for."""
        return next(self._permits)

    async def permit(self, function: str, number: int) -> None:
        """Return when one more invocation of a function with a limit may run. `release` is called
        afterwards, also when the wait was cancelled."""
        body = {"function": function, "worker": self._worker, "number": number}
        await self._peer.call("permit", body)

    def release(self, number: int) -> None:
        """Give a permit back."""
        self._peer.notify("release", {"worker": self._worker, "number": number})

    async def inputs(
        self, function: str, id: str, names: Mapping[str, Any], body: bytes
    ) -> dict[str, Data]:
        """The values of a function's input bindings for one HTTP invocation."""
        request = {"function": function, "id": id, "names": names}
        answer, parts = await self._peer.call("inputs", request, [body])
        if answer.get("error"):
            raise HostRefused(answer["error"])
        return {name: Data(*pair) for name, pair in unpack(answer["values"], parts).items()}  # type: ignore[arg-type]

    async def outputs(
        self,
        function: str,
        id: str,
        names: Mapping[str, Any],
        body: bytes,
        values: Mapping[str, Data],
    ) -> None:
        """Have the outputs of one HTTP invocation written; returns when they are durable."""
        parts = [body]
        packed = pack({name: (data.type, data.value) for name, data in values.items()}, parts)
        request = {"function": function, "id": id, "names": names, "values": packed}
        answer, _ = await self._peer.call("outputs", request, parts)
        if answer.get("error"):
            raise HostRefused(answer["error"])
