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

    async def ended(self, position: int, function: str, invocation: str, seconds: float) -> bool:
        """Wait, at most `seconds`, for the end of an invocation ('' = any) of a function to be
        told after a position; whether it was."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not any(
            m["k"] == "end" and m["f"] == function and invocation in ("", m["i"])
            for m in self.after(position)
        ):
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                return False
            news = asyncio.get_running_loop().create_future()
            self._waiting.add(news)
            try:
                await asyncio.wait({news}, timeout=left)
            finally:
                self._waiting.discard(news)
        return True

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
