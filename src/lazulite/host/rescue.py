"""Clients that had connected to a worker which is not there any more, and had not been accepted.

Closing a listening socket resets those that wait in it. They are accepted here instead, and each
is connected to the app's own port, where the workers that live answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterable

_PIECE = 65536  # bytes


class Rescue:
    """`take` clients; `stop` when the workers have ended."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, clients: Iterable[socket.socket]) -> None:
        """Have others answer them, for as long as the connections last."""
        for client in clients:
            task = asyncio.ensure_future(_connect_through(client))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def stop(self) -> None:
        """Let go of those that still talk."""
        for task in list(self._tasks):
            task.cancel()


async def _connect_through(client: socket.socket) -> None:
    """Join a connection with one to the address that it was made to."""
    host, port = client.getsockname()[:2]
    writers: list[asyncio.StreamWriter] = []
    try:
        from_client, to_client = await asyncio.open_connection(sock=client)
        writers.append(to_client)
        from_app, to_app = await asyncio.open_connection(host, port)
        writers.append(to_app)
        await asyncio.gather(_copy(from_client, to_app), _copy(from_app, to_client))
    except OSError:
        pass  # one of them is gone, and so the other's connection ends
    finally:
        for writer in writers:
            writer.close()
        client.close()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while piece := await source.read(_PIECE):
        target.write(piece)
        await target.drain()
    with contextlib.suppress(OSError):
        target.write_eof()
