"""The warm-up trigger: runs once when the host has started, before or beside the first requests."""

from __future__ import annotations

import asyncio

from lazulite.abc import BindingContext, Executor, Listener
from lazulite.model import BindingSpec, Data, FunctionSpec, TriggerEvent


class WarmupTrigger:
    """abc.TriggerKind of `warmupTrigger`."""

    def __init__(self, context: BindingContext) -> None:
        self._context = context

    def validate(self, function: FunctionSpec, binding: BindingSpec) -> None:
        """It has no members of its own."""

    def listener(
        self, function: FunctionSpec, binding: BindingSpec, executor: Executor
    ) -> Listener:
        return _WarmupListener(executor)

    async def manual(
        self, function: FunctionSpec, binding: BindingSpec, input: str
    ) -> TriggerEvent:
        return _event()


class _WarmupListener:
    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._run: asyncio.Task[object] | None = None

    async def start(self) -> None:
        self._run = asyncio.create_task(_execute(self._executor))

    async def stop(self) -> None:
        if self._run is not None:
            await asyncio.wait({self._run})


async def _execute(executor: Executor) -> None:
    await executor.execute(_event())


def _event() -> TriggerEvent:
    return TriggerEvent(Data("json", "{}"), reason="A new instance of the app has started.")
