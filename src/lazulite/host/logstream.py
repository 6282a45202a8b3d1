"""Reads what workers tell: their log datagrams and the lines of their stdout and stderr."""

from __future__ import annotations

import asyncio
import codecs
import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from lazulite.host.launch import Ends

Sink = Callable[[Mapping[str, Any]], None]

LIMIT = 256 * 1024
TURN = 64


class LogStream:
    """Hands every message of every worker to `sink`, in order, whole, to the last."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._loop = asyncio.get_running_loop()
        self._pieces: dict[str, list[bytes | None]] = {}
        self._open: set[_Source] = set()

    def attach(self, ends: Ends) -> None:
        """Read a worker's log socket and pipes until they end."""
        log = _Datagrams(ends, self)
        self._open |= {
            log,
            _Lines(ends.stdout, "stdout", ends.pid, self),
            _Lines(ends.stderr, "stderr", ends.pid, self),
        }

    def catch_up(self) -> None:
        """Take all that has arrived by now, without waiting."""
        for source in list(self._open):
            source.drain()

    def take(self, data: bytes, pid: int) -> None:
        """One datagram."""
        head, _, rest = data.partition(b"\n")
        try:
            message = json.loads(head)
        except ValueError:
            return
        if message.get("k") == "part":
            whole = self._joined(message, rest)
            if whole is None:
                return
            message = json.loads(whole)
        message["pid"] = pid
        self._sink(message)

    def line(self, text: str, stream: str, pid: int) -> None:
        """One line that user code printed."""
        self._sink({"k": "line", "m": text, "stream": stream, "pid": pid})

    def gone(self, pid: int) -> None:
        """A worker has said its last."""
        self._sink({"k": "gone", "pid": pid})

    def forget(self, source: _Source) -> None:
        """The source has ended."""
        self._open.discard(source)

    def _joined(self, head: Mapping[str, Any], piece: bytes) -> bytes | None:
        pieces = self._pieces.setdefault(head["id"], [None] * head["of"])
        pieces[head["i"]] = piece
        if None in pieces:
            return None
        del self._pieces[head["id"]]
        return b"".join(piece for piece in pieces if piece is not None)


class _Source:
    def __init__(self, fd: int, stream: LogStream) -> None:
        self.fd = fd
        self.stream = stream
        self.loop = asyncio.get_running_loop()
        os.set_blocking(fd, False)
        self.loop.add_reader(fd, self._readable)

    def read(self) -> bool:
        """Take one piece; False when there is nothing more now."""
        raise NotImplementedError

    def drain(self) -> None:
        while self.fd >= 0 and self.read():
            pass

    def _readable(self) -> None:
        # a bounded turn, so that a chatty worker does not starve the loop
        for _ in range(TURN):
            if self.fd < 0 or not self.read():
                return

    def end(self) -> None:
        if self.fd >= 0:
            self.loop.remove_reader(self.fd)
            self.close()
            self.fd = -1
            self.stream.forget(self)

    def close(self) -> None:
        os.close(self.fd)


class _Datagrams(_Source):
    def __init__(self, ends: Ends, stream: LogStream) -> None:
        self._sock = ends.log
        self._pid = ends.pid
        super().__init__(ends.log.fileno(), stream)

    def end(self) -> None:
        if self.fd >= 0:
            super().end()
            self.stream.gone(self._pid)

    def read(self) -> bool:
        try:
            data = self._sock.recv(LIMIT)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self.end()
            return False
        self.stream.take(data, self._pid)
        return True

    def close(self) -> None:
        self._sock.close()


class _Lines(_Source):
    def __init__(self, fd: int, name: str, pid: int, stream: LogStream) -> None:
        self._name = name
        self._pid = pid
        self._rest = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        super().__init__(fd, stream)

    def read(self) -> bool:
        try:
            data = os.read(self.fd, 65536)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        text = self._rest + self._decoder.decode(data, final=not data)
        lines = text.split("\n")
        self._rest = lines.pop()
        if not data and self._rest:
            lines.append(self._rest)
        for line in lines:
            self.stream.line(line.rstrip("\r"), self._name, self._pid)
        if not data:
            self.end()
        return bool(data)
