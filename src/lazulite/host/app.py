"""One app as a host serves it: its keys, bindings, triggers and admin API, put together.

It knows nothing of processes: who runs the workers, and begins and ends all this, tells it.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from lazulite.abc import Accounts, BindingContext, Clock, WebRequest, WebResponse
from lazulite.bindings import WARM_UP, Bindings, known_kinds
from lazulite.config.app import AppConfig
from lazulite.config.section import plain
from lazulite.errors import FunctionError, LazuliteError, UsageError
from lazulite.host import settle
from lazulite.host.admin.functions import FunctionApi
from lazulite.host.admin.home import home_page
from lazulite.host.admin.host import HostApi, HostFacts
from lazulite.host.admin.keys import KeyApi
from lazulite.host.admin.router import Router, request_of
from lazulite.host.context import binding_context
from lazulite.host.dispatch import Dispatcher, Workers
from lazulite.host.draining import Draining
from lazulite.host.index import Index, build
from lazulite.host.journal import Journal
from lazulite.host.keyring import KeyRing
from lazulite.host.keys import Documents, Keys
from lazulite.host.listeners import Listeners
from lazulite.host.options import StartOptions
from lazulite.host.permits import Permits
from lazulite.host.spool import Spool
from lazulite.host.validate import check_bindings
from lazulite.model import FunctionSpec, Outcome, TriggerEvent
from lazulite.web.keys import KeyTable
from lazulite.wire.peer import Answer, CallHandler


class HostedApp:
    """`attach` it to its workers, `mount` the admin API, `adopt` what was loaded.

    config, index, bindings: those of now. secrets: where its keys are; running: waits (not for
    long) until requests to the host may be answered; policy: told what workers are to apply when
    keys have changed.
    """

    def __init__(
        self,
        config: AppConfig,
        options: StartOptions,
        instance_id: str,
        accounts: Accounts,
        secrets: Documents,
        clock: Clock,
        journal: Journal,
        spool: Spool,
        running: Callable[[], Awaitable[bool]],
        policy: Callable[[Mapping[str, Any]], None],
    ) -> None:
        self.config = config
        self.index = Index({}, "v1")
        self.router = Router(lambda: self.keys.table(), running, lambda: self.keys.reread())
        self.keys = KeyRing(
            Keys(secrets, config.host_id, self.keys_changed),
            options.enable_auth or not config.development,
            lambda: [spec.name for spec in self.functions.values() if spec.is_http],
            lambda: self.router.extensions,
        )
        self.permits = Permits()
        self._options = options
        self._instance_id = instance_id
        self._clock = clock
        self._journal = journal
        self._spool = spool
        self._policy = policy
        self.bindings = self.bindings_of(config, accounts)
        self.dispatcher: Dispatcher
        self.listeners: Listeners
        self.draining: Draining

    @property
    def functions(self) -> Mapping[str, FunctionSpec]:
        """By name."""
        return self.index.functions

    def attach(
        self, workers: Workers, clock: Clock, make: Callable[..., Dispatcher] = Dispatcher
    ) -> None:
        """Have these workers run what is triggered. clock: between the attempts of a retry policy;
        make: the dispatcher's class."""
        self.dispatcher = make(
            workers, self.bindings, self._journal, clock, self.permits, self._spool.discard
        )
        self.listeners = Listeners(self.bindings, self.dispatcher, self._journal)
        self.draining = Draining(self.listeners, lambda: self.functions)

    # what is loaded

    def context(self, config: AppConfig, accounts: Accounts) -> BindingContext:
        """What bindings may use, of a configuration."""
        return binding_context(
            config,
            accounts,
            self._clock,
            self._journal.host,
            self.router.webhook,
            instance_id=self._instance_id,
            spool=self._spool.path,
        )

    def bindings_of(self, config: AppConfig, accounts: Accounts) -> Bindings:
        """The bindings of a configuration."""
        return Bindings(self.context(config, accounts))

    def index_of(self, config: AppConfig, report: Mapping[str, Any], bindings: Bindings) -> Index:
        """The functions that a worker reports, checked. Raises WorkerError when it has none and
        cannot have any."""
        return check_bindings(build(config, report, known_kinds()), bindings)

    async def serve_message(
        self, config: AppConfig, index: Index, tls: Mapping[str, str] | None = None
    ) -> Mapping[str, Any]:
        """What has a worker open its doors."""
        keys = await self.keys.table()
        return settle.serve_message(config, self._options, index, keys, self._spool.path, tls)

    def adopt(self, config: AppConfig, index: Index, bindings: Bindings) -> None:
        """Be the app in this state from now on."""
        self.config = config
        self.index = index
        self.bindings = bindings
        self.dispatcher.adopt(index.functions, bindings)

    def keys_changed(self, table: KeyTable) -> None:
        """Have the workers know these keys."""
        if self.keys.required:
            self._policy(settle.policy_message(self.config, self._options, table))

    # what workers ask

    def calls(self) -> Mapping[str, CallHandler]:
        """The answers, by the name of the call."""
        return {
            "web": self._web,
            "keys": self._unknown_key,
            "inputs": lambda body, parts: self.dispatcher.http_inputs(body, parts),
            "outputs": lambda body, parts: self.dispatcher.http_outputs(body, parts),
            "permit": self.permits.wanted,
        }

    async def _web(self, body: Any, parts: list[bytes]) -> Answer:
        """A request that is the host's to answer."""
        response = await self.answer(request_of(body, parts[0]))
        headers = [list(pair) for pair in response.headers.items()]
        return {"status": response.status, "headers": headers}, [response.body]

    async def _unknown_key(self, body: Any, parts: list[bytes]) -> Answer:
        """A worker met a key that it does not know."""
        return {"changed": await self.keys.reread()}, []

    # HTTP of the host itself

    async def answer(self, request: WebRequest) -> WebResponse:
        """The home page, the admin API, webhooks."""
        if request.path == "/":
            return home_page(self.config.settings.is_true("AzureWebJobsDisableHomepage"))
        return await self.router.answer(request)

    def facts(self) -> HostFacts:
        """What the admin API tells of this app and lets be done to it."""
        return HostFacts(
            host_id=self.config.host_id,
            instance_id=self._instance_id,
            root=self.config.root,
            config=lambda: plain(self.config.host.root),
            processes=lambda: [(os.getpid(), "host")],
            drain=self.draining.drain,
            resume=self.draining.resume,
            drain_state=lambda: self.draining.state,
            outstanding=lambda: self.dispatcher.running,
            warm=self._warm,
        )

    def mount(self, facts: HostFacts) -> None:
        """Answer the admin API."""
        HostApi(facts).mount(self.router)
        functions = FunctionApi(
            lambda: self.index, self.run_by_hand, lambda: self.config.host.http.route_prefix
        )
        functions.mount(self.router)
        KeyApi(self.keys.keys, lambda name: functions.find(name) is not None).mount(self.router)

    # running by hand

    async def event(self, spec: FunctionSpec, input: str) -> TriggerEvent:
        """The event of a run by hand. Raises LazuliteError when there is none."""
        trigger = spec.trigger
        if trigger is None or spec.error:
            reason = spec.error or "it has no trigger"
            raise FunctionError(f"Function '{spec.name}' cannot be run: {reason}")
        try:
            kind = self.bindings.trigger(trigger.kind)
        except KeyError:
            raise UsageError(f"Function '{spec.name}' is called by its URL.") from None
        return await kind.manual(spec, trigger, input)

    async def run_by_hand(self, spec: FunctionSpec, input: str) -> Outcome:
        """Run a function as if its trigger had fired; how it ended."""
        try:
            event = await self.event(spec, input)
        except LazuliteError as error:
            return Outcome("", error=str(error))
        return await self.dispatcher.execute(spec.name, event)

    async def _warm(self) -> None:
        for spec in self.functions.values():
            if spec.trigger and spec.trigger.kind == WARM_UP and not spec.disabled:
                await self.run_by_hand(spec, "")
