"""The host's parts of an app in process: what lazulite.host.host puts together around a
supervisor, here without one."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import asdict, replace
from typing import Any
from uuid import uuid4

from lazulite.abc import BindingContext
from lazulite.bindings import WARM_UP, Bindings, known_kinds
from lazulite.config.app import AppConfig
from lazulite.config.section import plain as as_plain
from lazulite.errors import FunctionError, LazuliteError
from lazulite.host import settle
from lazulite.host.admin.functions import FunctionApi
from lazulite.host.admin.home import home_page
from lazulite.host.admin.host import HostApi, HostFacts
from lazulite.host.admin.keys import KeyApi
from lazulite.host.admin.router import Router, request_of
from lazulite.host.dispatch import Dispatcher, Workers
from lazulite.host.draining import Draining
from lazulite.host.index import Index, build
from lazulite.host.journal import Journal
from lazulite.host.keyring import KeyRing
from lazulite.host.keys import Keys
from lazulite.host.listeners import Listeners
from lazulite.host.options import StartOptions
from lazulite.host.permits import Permits
from lazulite.host.spool import Spool
from lazulite.host.storage import HostState
from lazulite.host.validate import check_bindings
from lazulite.model import FunctionSpec, Outcome, TriggerEvent
from lazulite.testing.accounts import TestAccounts
from lazulite.testing.clock import ManualClock, SkippingClock
from lazulite.testing.failures import called_by_url
from lazulite.testing.local import RecordedDispatcher
from lazulite.testing.records import Records, plain
from lazulite.web.keys import KeyTable
from lazulite.wire.peer import Answer, CallHandler
from lazulite.wire.values import unpack

GRACE = 0.2  # seconds for what still runs when a test ends


class HostSide:
    """folder: for spooled values; auth: whether requests need keys; policy: called with what the
    worker is to apply when keys have changed."""

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
        self.config = config
        self.index = Index({}, "v1", stacks={})
        self.instance_id = uuid4().hex
        self._accounts = accounts
        self._clock = clock
        self._records = records
        self._policy = policy
        self._running = False
        self._options = StartOptions(root=config.root, enable_auth=auth)
        self._journal = Journal(records)  # type: ignore[arg-type]  # it does what a console does
        self._router = Router(self._key_table, self._is_running, self._reread_keys)
        self.keys = KeyRing(
            Keys(HostState(accounts), config.host_id, self._keys_changed),
            auth or not config.development,
            lambda: [spec.name for spec in self.functions.values() if spec.is_http],
            lambda: self._router.extensions,
        )
        self._spool = Spool(folder)
        self.permits = Permits()
        self.context = self._binding_context()
        self._bindings = Bindings(self.context)
        self._dispatcher: Dispatcher

    @property
    def functions(self) -> Mapping[str, FunctionSpec]:
        return self.index.functions

    @property
    def busy(self) -> bool:
        """Whether functions run that were triggered."""
        return bool(self._dispatcher.running)

    async def answer(self, report: Mapping[str, Any]) -> Mapping[str, Any]:
        """The `serve` message for what the worker loaded. Raises FunctionError when the app cannot
        be loaded."""
        index = build(self.config, report, known_kinds())
        self.index = check_bindings(index, self._bindings)
        if index.problem:
            raise FunctionError(f"{index.problem}\n{index.problem_stack}".rstrip())
        keys = await self.keys.table()
        return settle.serve_message(
            self.config, self._options, self.index, keys, self._spool.path, None
        )

    async def start(
        self,
        workers: Workers,
        specs: Mapping[str, FunctionSpec],
        triggers: bool,
        stack: AsyncExitStack,
    ) -> None:
        """Begin to serve. specs: the functions as the worker sees them; stack: takes what is to be
        done at the end."""
        self.index = replace(self.index, functions=specs)
        self._dispatcher = RecordedDispatcher(
            self._records,
            workers,
            self._bindings,
            self._journal,
            SkippingClock(self._clock),
            self.permits,
            self._spool.discard,
        )
        self._dispatcher.adopt(specs, self._bindings)
        listeners = Listeners(self._bindings, self._dispatcher, self._journal)
        self._mount(Draining(listeners, lambda: self.functions))
        self._running = True
        if triggers:
            stack.push_async_callback(listeners.stop, GRACE)
            await listeners.start(specs)

    def close(self) -> None:
        """Delete spooled values."""
        self._spool.close()

    # what the worker side asks

    def calls(self) -> Mapping[str, CallHandler]:
        return {
            "web": self._web,
            "keys": self._unknown_key,
            "inputs": self._inputs,
            "outputs": self._outputs,
            "permit": self.permits.wanted,
        }

    async def _inputs(self, body: Any, parts: list[bytes]) -> Answer:
        return await self._dispatcher.http_inputs(body, parts)

    async def _outputs(self, body: Any, parts: list[bytes]) -> Answer:
        record = self._records.of(body["id"])
        if record is not None:
            values = unpack(body["values"], parts)
            record.outputs.update((name, plain(*pair)) for name, pair in values.items())
        return await self._dispatcher.http_outputs(body, parts)

    async def _web(self, body: Any, parts: list[bytes]) -> Answer:
        request = request_of(body, parts[0])
        if request.path == "/":
            response = home_page(self.config.settings.is_true("AzureWebJobsDisableHomepage"))
        else:
            response = await self._router.answer(request)
        headers = [list(pair) for pair in response.headers.items()]
        return {"status": response.status, "headers": headers}, [response.body]

    async def _unknown_key(self, body: Any, parts: list[bytes]) -> Answer:
        return {"changed": await self.keys.reread()}, []

    # running by hand

    async def event(self, spec: FunctionSpec, input: str) -> TriggerEvent:
        """The event of a run by hand. Raises LazuliteError when there is none."""
        trigger = spec.trigger
        if trigger is None or spec.error:
            raise FunctionError(f"Function '{spec.name}' cannot be run: {spec.error}")
        try:
            kind = self._bindings.trigger(trigger.kind)
        except KeyError:
            raise called_by_url(spec.name) from None
        return await kind.manual(spec, trigger, input)

    async def execute(self, spec: FunctionSpec, event: TriggerEvent) -> Outcome:
        """Run a function for an event, as its listener would."""
        return await self._dispatcher.execute(spec.name, event)

    async def _run_by_hand(self, spec: FunctionSpec, input: str) -> Outcome:
        try:
            event = await self.event(spec, input)
        except LazuliteError as error:
            return Outcome("", error=str(error))
        return await self.execute(spec, event)

    async def _warm(self) -> None:
        for spec in self.functions.values():
            if spec.trigger and spec.trigger.kind == WARM_UP and not spec.disabled:
                await self._run_by_hand(spec, "")

    # the admin API

    def _mount(self, draining: Draining) -> None:
        facts = HostFacts(
            host_id=self.config.host_id,
            instance_id=self.instance_id,
            root=self.config.root,
            state=lambda: "Running" if self._running else "Starting",
            errors=list,
            restart=lambda: None,
            healthy=lambda: True,
            config=lambda: as_plain(self.config.host.root),
            processes=lambda: [(os.getpid(), "host")],
            drain=draining.drain,
            resume=draining.resume,
            drain_state=lambda: draining.state,
            outstanding=lambda: self._dispatcher.running,
            warm=self._warm,
        )
        HostApi(facts).mount(self._router)
        prefix = self.config.host.http.route_prefix
        functions = FunctionApi(lambda: self.index, self._run_by_hand, prefix)
        functions.mount(self._router)
        KeyApi(self.keys.keys, lambda name: functions.find(name) is not None).mount(self._router)

    async def _key_table(self) -> KeyTable | None:
        return await self.keys.table()

    async def _reread_keys(self) -> bool:
        return await self.keys.reread()

    def _keys_changed(self, table: KeyTable) -> None:
        if self.keys.required and self._running:
            self._policy(settle.policy_message(self.config, self._options, table))

    async def _is_running(self) -> bool:
        return self._running

    def _binding_context(self) -> BindingContext:
        config = self.config
        return BindingContext(
            host_id=config.host_id,
            instance_id=self.instance_id,
            spool=self._spool.path,
            accounts=self._accounts,
            state=HostState(self._accounts),
            clock=self._clock,
            options=config.host.extension,
            singleton=asdict(config.host.singleton),
            log=self._journal.host,
            webhook=self._router.webhook,
            development=config.development,
            settings=config.settings,
        )
