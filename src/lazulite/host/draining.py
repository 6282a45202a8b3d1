"""`/admin/host/drain`: the triggers stop, what runs ends; HTTP functions go on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Literal, Protocol

from lazulite.model import FunctionSpec


class Triggers(Protocol):
    """What listens for an app's triggers."""

    async def start(self, functions: Mapping[str, FunctionSpec]) -> None: ...

    async def stop(self) -> None: ...


class Draining:
    """Stops the listeners and starts them again. functions: the current ones."""

    def __init__(
        self, triggers: Triggers, functions: Callable[[], Mapping[str, FunctionSpec]]
    ) -> None:
        self._triggers = triggers
        self._functions = functions
        self._stopping: asyncio.Task[None] | None = None

    @property
    def state(self) -> Literal["Disabled", "InProgress", "Completed"]:
        """Disabled: the host listens; InProgress: something still runs; Completed."""
        if self._stopping is None:
            return "Disabled"
        return "Completed" if self._stopping.done() else "InProgress"

    async def drain(self) -> None:
        """Begin to drain; `state` tells when it is done."""
        if self._stopping is None:
            self._stopping = asyncio.ensure_future(self._triggers.stop())

    async def resume(self) -> None:
        """Listen again, where the host had drained."""
        if self._stopping is not None:
            await self._stopping
            self._stopping = None
            await self._triggers.start(self._functions())
