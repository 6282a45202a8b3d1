"""What workers tell arrives whole and in order, to the last."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from lazulite.host.launch import Ends
from lazulite.host.logstream import LogStream
from lazulite.wire.pair import pair
from lazulite.worker.channel import PIECE, LogChannel

Told = list[Mapping[str, Any]]


class Worker:
    """A worker's ends of its channel and pipes."""

    def __init__(self) -> None:
        log, self._log = pair()
        wire, self._wire = pair()
        out, self.out = os.pipe()
        err, self.err = os.pipe()
        self.ends = Ends(7, wire, log, out, err)
        self.channel = LogChannel(self._log.fileno())

    def end(self) -> None:
        self._log.close()
        self._wire.close()
        self.ends.wire.close()
        os.close(self.out)
        os.close(self.err)


def run(scene: Callable[[LogStream, Worker, Told], Awaitable[None]]) -> Told:
    told: Told = []

    async def main() -> None:
        stream = LogStream(told.append)
        worker = Worker()
        stream.attach(worker.ends)
        await scene(stream, worker, told)

    asyncio.run(main())
    return told


async def until(told: Told, count: int) -> None:
    """Return when so many messages have arrived."""

    async def arrived() -> None:
        while len(told) < count:
            await asyncio.sleep(0)

    await asyncio.wait_for(arrived(), 10)


def test_large_messages_of_several_senders_are_joined() -> None:
    async def scene(stream: LogStream, worker: Worker, told: Told) -> None:
        other = LogChannel(worker.channel.fd)
        text = "ğ" * (2 * PIECE)

        def send() -> None:
            worker.channel.send({"k": "log", "m": text})
            other.send({"k": "log", "m": "b" + text})

        await asyncio.get_running_loop().run_in_executor(None, send)
        await until(told, 2)
        worker.end()

    told = run(scene)
    assert [len(message["m"]) for message in told[:2]] == [2 * PIECE, 2 * PIECE + 1]
    assert {message["pid"] for message in told} == {7}


def test_lines_of_the_pipes_are_decoded_however_they_are_cut() -> None:
    async def scene(stream: LogStream, worker: Worker, told: Told) -> None:
        for byte in "çay\r\n".encode():
            os.write(worker.out, bytes((byte,)))
            await asyncio.sleep(0)
        os.write(worker.err, b"\xff broken\nno end")
        await until(told, 2)
        worker.end()
        await until(told, 4)

    told = run(scene)
    lines = {(m["stream"], m["m"]) for m in told if m["k"] == "line"}
    assert lines == {("stdout", "çay"), ("stderr", "\\xff broken"), ("stderr", "no end")}
    assert [m["k"] for m in told].count("gone") == 1


def test_what_has_arrived_can_be_taken_without_waiting() -> None:
    async def scene(stream: LogStream, worker: Worker, told: Told) -> None:
        for number in range(500):
            worker.channel.send({"k": "log", "m": str(number)})
            if number % 50 == 0:
                stream.catch_up()
        os.write(worker.out, b"printed\n")
        worker.end()
        stream.catch_up()
        stream.catch_up()

    told = run(scene)
    assert [m["m"] for m in told if m["k"] == "log"] == [str(n) for n in range(500)]
    assert [m["m"] for m in told if m["k"] == "line"] == ["printed"]
