"""The last things that workers told, for `func invoke`, which shows what one call logged."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

Sink = Callable[[Mapping[str, Any]], None]

MESSAGES = 2000
CHARACTERS = 2_000_000  # of all their texts together


class Recent:
    """Messages of workers by position: a number that grows by one with each."""

    def __init__(self) -> None:
        self.position = 0
        self._kept: deque[tuple[int, int, Mapping[str, Any]]] = deque()
        self._characters = 0
        self._waiting: set[asyncio.Future[None]] = set()

    def before(self, sink: Sink) -> Sink:
        """A sink that keeps each message and hands it on to `sink`."""

        def take(message: Mapping[str, Any]) -> None:
            self._keep(message)
            sink(message)

        return take

    def after(self, position: int) -> list[Mapping[str, Any]]:
        """The messages after a position, as far as they are still kept."""
        return [message for at, _, message in self._kept if at > position]

    async def settled(self, position: int, function: str, seconds: float) -> None:
        """Wait, at most `seconds`, until the invocations of a function that began after a position
        have ended."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while self._open(position, function) and loop.time() < deadline:
            news = loop.create_future()
            self._waiting.add(news)
            try:
                await asyncio.wait({news}, timeout=deadline - loop.time())
            finally:
                self._waiting.discard(news)

    def _open(self, position: int, function: str) -> set[str]:
        told = [m for m in self.after(position) if m.get("f") == function]
        ended = {m["i"] for m in told if m["k"] == "end"}
        return {m["i"] for m in told if m["k"] == "start"} - ended

    def _keep(self, message: Mapping[str, Any]) -> None:
        self.position += 1
        size = len(message.get("m") or "") + len(message.get("x") or "")
        self._kept.append((self.position, size, message))
        self._characters += size
        while len(self._kept) > MESSAGES or self._characters > CHARACTERS:
            self._characters -= self._kept.popleft()[1]
        for news in self._waiting:
            if not news.done():
                news.set_result(None)
