"""Starts and stops the listeners of an app's triggers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from lazulite.abc import Listener
from lazulite.bindings import SERVED_BY_WORKER, Bindings
from lazulite.errors import LazuliteError
from lazulite.host.dispatch import Dispatcher
from lazulite.host.journal import Journal
from lazulite.model import FunctionSpec


class Listeners:
    """One listener per function that is neither HTTP, disabled nor in error."""

    def __init__(self, bindings: Bindings, dispatcher: Dispatcher, journal: Journal) -> None:
        self._bindings = bindings
        self._dispatcher = dispatcher
        self._journal = journal
        self._running: dict[str, Listener] = {}
        self.errors: dict[str, str] = {}

    async def start(self, functions: Mapping[str, FunctionSpec]) -> None:
        """Start what can be; what cannot is told, and the others go on."""
        await asyncio.gather(*(self._start(spec) for spec in functions.values()))

    async def _start(self, spec: FunctionSpec) -> None:
        trigger = spec.trigger
        if trigger is None or spec.error or spec.disabled or trigger.kind in SERVED_BY_WORKER:
            return
        try:
            kind = self._bindings.trigger(trigger.kind)
            listener = kind.listener(spec, trigger, self._dispatcher.executor(spec.name))
            await listener.start()
        except LazuliteError as error:
            self.errors[spec.name] = str(error)
            self._journal.host(
                "Error",
                "Host.Startup",
                f"The listener for function 'Functions.{spec.name}' was unable to start. {error}",
            )
        else:
            self._running[spec.name] = listener

    async def change(
        self,
        bindings: Bindings,
        old: Mapping[str, FunctionSpec],
        new: Mapping[str, FunctionSpec],
    ) -> None:
        """Have the listeners fit other functions: those of functions that stay as they were go on,
        unless the bindings are others too. Returns when the ended ones have ended."""
        same = set() if bindings is not self._bindings else {n for n in new if old.get(n) == new[n]}
        self._bindings = bindings
        gone = {n: self._running.pop(n) for n in list(self._running) if n not in same}
        fresh = [spec for spec in new.values() if spec.name not in same]
        await asyncio.gather(
            *(self._exchange(gone.pop(spec.name, None), spec) for spec in fresh),
            *(self._end(listener) for listener in gone.values()),
        )

    async def _exchange(self, old: Listener | None, spec: FunctionSpec) -> None:
        if old is not None:
            await self._end(old)
        self.errors.pop(spec.name, None)
        await self._start(spec)

    async def _end(self, listener: Listener) -> None:
        try:
            await listener.stop()
        except Exception as error:
            self._journal.host("Error", "Host.Startup", f"A listener did not stop: {error}")

    async def stop(self, grace: float = 10.0) -> None:
        """Stop all; returns when what ran has ended. After `grace` seconds what still runs is given
        back to where it came from."""
        listeners, self._running = list(self._running.values()), {}
        self.errors.clear()
        if not listeners:
            return
        stops = [asyncio.ensure_future(listener.stop()) for listener in listeners]
        _, late = await asyncio.wait(stops, timeout=grace)
        for stop in late:
            stop.cancel()
        for result in await asyncio.gather(*stops, return_exceptions=True):
            if isinstance(result, Exception):
                self._journal.host("Error", "Host.Startup", f"A listener did not stop: {result}")
