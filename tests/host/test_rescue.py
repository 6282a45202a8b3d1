"""Clients that waited for a worker which is gone are answered by another."""

from __future__ import annotations

import asyncio
import os
import socket

import pytest

from lazulite.host import listening
from lazulite.host.rescue import Rescue

pytestmark = pytest.mark.skipif(
    not listening.SPREADS, reason="one socket is shared by all workers here"
)


async def shout(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        writer.write(line.upper())
    writer.close()


async def talk(client: socket.socket) -> list[bytes]:
    client.setblocking(False)
    reader, writer = await asyncio.open_connection(sock=client)
    answers = []
    for word in (b"one\n", b"two\n"):
        writer.write(word)
        answers.append(await asyncio.wait_for(reader.readline(), 10))
    writer.write_eof()
    answers.append(await asyncio.wait_for(reader.read(), 10))
    writer.close()
    return answers


def test_all_who_waited_are_answered_whoever_they_had_reached() -> None:
    async def main() -> None:
        public = listening.bind("127.0.0.1", 0)
        rescue = Rescue()
        other = socket.socket(fileno=os.dup(public.slot(1)[0]))
        server = await asyncio.start_server(shout, sock=other)
        clients = [socket.create_connection(("127.0.0.1", public.port)) for _ in range(20)]
        rescue.take(public.close_slot(0))
        assert await asyncio.gather(*map(talk, clients)) == [[b"ONE\n", b"TWO\n", b""]] * 20
        server.close()
        rescue.stop()
        public.close()

    asyncio.run(main())


def test_clients_that_have_left_harm_nobody() -> None:
    async def main() -> None:
        public = listening.bind("127.0.0.1", 0)
        rescue = Rescue()
        other = socket.socket(fileno=os.dup(public.slot(1)[0]))
        server = await asyncio.start_server(shout, sock=other)
        for _ in range(20):
            socket.create_connection(("127.0.0.1", public.port)).close()
        rescue.take(public.close_slot(0))
        client = socket.create_connection(("127.0.0.1", public.port))
        assert await talk(client) == [b"ONE\n", b"TWO\n", b""]
        server.close()
        rescue.stop()
        public.close()

    asyncio.run(main())
