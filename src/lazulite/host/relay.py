"""A port in front of a debug adapter.

The adapter takes nobody more once a client has come and gone without a word, as who only looks
whether a port is open, or has come while another was seen off: such clients do not reach it.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterable

PIECE = 65536
SEEING_OFF = 0.2  # seconds that the adapter needs for that at most


class Relay:
    """Passes on what clients of the sockets say, from their first word. target: host, port."""

    def __init__(self, sockets: Iterable[socket.socket], target: tuple[str, int]) -> None:
        self._sockets = tuple(sockets)
        self._target = target
        self._parted = 0.0
        self._clients: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Serve until cancelled; all connections end then."""
        servers = [await asyncio.start_server(self._take, sock=sock) for sock in self._sockets]
        try:
            await asyncio.gather(*(server.serve_forever() for server in servers))
        finally:
            for client in self._clients:
                client.cancel()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._clients.add(task)
        try:
            await self._relay(reader, writer)
        except OSError:  # one end has gone
            pass
        finally:
            self._clients.discard(task)
            writer.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(PIECE)
        if not first:
            return
        await asyncio.sleep(max(0.0, self._parted + SEEING_OFF - time.monotonic()))
        answers, adapter = await asyncio.open_connection(*self._target)
        try:
            adapter.write(first)
            ways = [
                asyncio.ensure_future(_pass(*ends))
                for ends in ((reader, adapter), (answers, writer))
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        finally:
            adapter.close()
            self._parted = time.monotonic()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(PIECE):
        writer.write(data)
        await writer.drain()
