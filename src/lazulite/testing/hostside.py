"""The host's side of an app in process: what lazulite.host.host does around a supervisor, here
without one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import uuid4

from lazulite.config.app import AppConfig
from lazulite.errors import FunctionError
from lazulite.host.app import HostedApp
from lazulite.host.dispatch import Workers
from lazulite.host.journal import Journal
from lazulite.host.options import StartOptions
from lazulite.host.spool import Spool
from lazulite.host.storage import HostState
from lazulite.model import FunctionSpec
from lazulite.testing.accounts import TestAccounts
from lazulite.testing.clock import ManualClock, SkippingClock
from lazulite.testing.local import RecordedDispatcher
from lazulite.testing.records import Records, plain
from lazulite.wire.peer import Answer, CallHandler
from lazulite.wire.values import unpack

GRACE = 0.2  # seconds for what still runs when a test ends


class HostSide:
    """folder: for spooled values; auth: whether requests need keys; policy: called with what the
    worker is to apply when keys have changed. app: the parts of the host."""

    def __init__(
        self,
        config: AppConfig,
        folder: str,
        accounts: TestAccounts,
        clock: ManualClock,
        records: Records,
        auth: bool,
        policy: Callable[[Mapping[str, Any]], None],
    ) -> None:
        self._clock = clock
        self._records = records
        self._policy = policy
        self._running = False
        self._spool = Spool(folder)
        self.app = HostedApp(
            config,
            StartOptions(root=config.root, enable_auth=auth),
            uuid4().hex,
            accounts,
            HostState(accounts),
            clock,
            Journal(records),  # type: ignore[arg-type]  # it does what a console does
            self._spool,
            self._is_running,
            self._apply,
        )
        self.context = self.app.context(config, accounts)

    @property
    def functions(self) -> Mapping[str, FunctionSpec]:
        return self.app.functions

    @property
    def busy(self) -> bool:
        """Whether functions run that were triggered."""
        return bool(self.app.dispatcher.running)

    async def answer(self, report: Mapping[str, Any]) -> Mapping[str, Any]:
        """The `serve` message for what the worker loaded. Raises FunctionError when the app cannot
        be loaded."""
        app = self.app
        app.index = app.index_of(app.config, report, app.bindings)
        if app.index.problem:
            raise FunctionError(f"{app.index.problem}\n{app.index.problem_stack}".rstrip())
        return await app.serve_message(app.config, app.index)

    async def start(
        self,
        workers: Workers,
        specs: Mapping[str, FunctionSpec],
        triggers: bool,
        stack: AsyncExitStack,
    ) -> None:
        """Begin to serve. specs: the functions as the worker sees them; stack: takes what is to be
        done at the end."""
        app = self.app
        make = partial(RecordedDispatcher, self._records)
        app.attach(workers, SkippingClock(self._clock), make)
        app.adopt(app.config, replace(app.index, functions=specs), app.bindings)
        app.mount(app.facts())
        self._running = True
        if triggers:
            stack.push_async_callback(app.listeners.stop, GRACE)
            await app.listeners.start(specs)

    def close(self) -> None:
        """Delete spooled values."""
        self._spool.close()

    def calls(self) -> Mapping[str, CallHandler]:
        """What the worker's side asks."""
        return {**self.app.calls(), "outputs": self._outputs}

    async def _outputs(self, body: Any, parts: list[bytes]) -> Answer:
        record = self._records.of(body["id"])
        if record is not None:
            values = unpack(body["values"], parts)
            record.outputs.update((name, plain(*pair)) for name, pair in values.items())
        return await self.app.dispatcher.http_outputs(body, parts)

    async def _is_running(self) -> bool:
        return self._running

    def _apply(self, policy: Mapping[str, Any]) -> None:
        if self._running:
            self._policy(policy)
