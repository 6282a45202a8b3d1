"""A whole app in this process: the host's and the worker's parts, joined without a wire."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from lazulite.abc import Account, BindingContext
from lazulite.bindings import Bindings, known_kinds
from lazulite.config.app import AppConfig, Launch, load_app
from lazulite.config.encryption import decrypt
from lazulite.config.section import plain as as_plain
from lazulite.errors import FunctionError, FunctionTimeout, LazuliteError, UsageError
from lazulite.host import settle
from lazulite.host.admin.functions import FunctionApi
from lazulite.host.admin.home import home_page
from lazulite.host.admin.host import HostApi, HostFacts
from lazulite.host.admin.keys import KeyApi
from lazulite.host.admin.router import Router, request_of
from lazulite.host.draining import Draining
from lazulite.host.index import Index, build
from lazulite.host.journal import Journal
from lazulite.host.keyring import KeyRing
from lazulite.host.keys import Keys
from lazulite.host.listeners import Listeners
from lazulite.host.main import development
from lazulite.host.options import StartOptions
from lazulite.host.spool import Spool
from lazulite.host.storage import HostState
from lazulite.host.validate import check_bindings
from lazulite.model import FunctionSpec, Outcome, TriggerEvent, spec_from_wire
from lazulite.telemetry.console import Filter
from lazulite.testing.accounts import TestAccounts
from lazulite.testing.activity import Activity, Counted, count_threads
from lazulite.testing.clock import ManualClock, SkippingClock
from lazulite.testing.failures import refuse_errors
from lazulite.testing.isolation import Isolation
from lazulite.testing.local import (
    EndingPool,
    FullRecorder,
    LocalPeer,
    LocalWorkers,
    MemoryChannel,
    RecordedDispatcher,
    Watch,
)
from lazulite.testing.records import Invocation, Records, plain
from lazulite.testing.request import Request
from lazulite.testing.response import Response
from lazulite.testing.rsgi import Exchange
from lazulite.testing.timers import as_past_due, next_occurrence
from lazulite.web.keys import KeyTable
from lazulite.wire.peer import Answer
from lazulite.wire.values import unpack

GRACE = 0.2  # seconds for what still runs when a test ends
NEARLY = timedelta(milliseconds=1)
SPINS = 20  # turns of the loop without news after which the app is taken to be at rest


@dataclass(frozen=True)
class AppOptions:
    """How an app is opened for tests.

    settings: app settings over those of the environment and local.settings.json; functions: load
    only these; now: where the clock starts; auth: ask for keys, as a deployed app does; triggers:
    start the listeners; fresh: import the app's modules anew; storage: a folder that keeps the
    storage (a temporary one otherwise); patience: seconds of real time to wait for rest;
    allow_errors: open the app although some functions cannot be used.
    """

    settings: Mapping[str, str] = field(default_factory=dict)
    functions: tuple[str, ...] = ()
    now: datetime | None = None
    auth: bool = False
    triggers: bool = True
    fresh: bool = False
    storage: str | None = None
    patience: float = 30.0
    allow_errors: bool = False


class InProcessApp:
    """backend.Backend over the real loader, front, dispatcher, listeners and bindings."""

    def __init__(self, root: str, options: AppOptions) -> None:
        self.root = os.path.abspath(root)
        self.clock = ManualClock(options.now)
        self.records = Records()
        self._options = options
        self._isolation = Isolation(self.root, fresh=options.fresh)
        self._temp = ""
        self._state = "Starting"
        self._index = Index({}, "v1", stacks={})
        self._settled = 0
        self._undo: Callable[[], None] = lambda: None

    # life

    async def start(self) -> None:
        """Load the app and start its triggers. Raises LazuliteError when it cannot be loaded."""
        self._isolation.enter()
        self._temp = tempfile.mkdtemp(prefix="lazulite-test-")
        try:
            await self._start()
        except BaseException:
            self._clean_up()
            raise

    async def _start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._activity = Activity(self._loop)
        self.records.ended = self._activity.poke_from_thread
        self._undo = count_threads(self._activity)
        config = self._config = self._load_config()
        self._accounts = TestAccounts(
            self._options.storage or self._temp,
            config.settings,
            self.clock,
            lambda service: Counted(service, self._activity),
            interval=3600.0,
            durable=self._options.storage is not None,
        )
        self._journal = Journal(self.records)  # type: ignore[arg-type]  # what a console does
        self._router = Router(self._keys_now, self._is_running, self._reread_keys)
        self._keys = KeyRing(
            Keys(HostState(self._accounts), config.host_id, lambda table: None),
            self._options.auth or not config.development,
            lambda: [spec.name for spec in self._index.functions.values() if spec.is_http],
            lambda: self._router.extensions,
        )
        self._spool = Spool(self._temp)
        self._binding_context = self._context()
        self.bindings = Bindings(self._binding_context)
        self._peer = LocalPeer(
            {
                "web": self._web,
                "keys": self._unknown_key,
                "inputs": self._inputs,
                "outputs": self._outputs,
            },
            self.records,
        )
        serve = await self._load_functions()
        self._serve(serve)
        self._listeners = Listeners(self.bindings, self._dispatcher, self._journal)
        self._draining = Draining(self._listeners, lambda: self._index.functions)
        self._mount()
        self._front.start()
        self._state = "Running"
        if self._options.triggers:
            await self._listeners.start(self._index.functions)
            await self.settle()

    def _load_config(self) -> AppConfig:
        if not os.path.isdir(self.root):
            raise UsageError(f"There is no folder {self.root}.", hint="Name the app's folder.")
        environ = {**os.environ, **self._options.settings}
        config = load_app(
            self.root,
            environ,
            Launch(
                functions=self._options.functions,
                development=development(environ.get("AZURE_FUNCTIONS_ENVIRONMENT")),
            ),
            kinds=known_kinds(),
            decrypt=decrypt,
        )
        for warning in config.warnings:
            self.records.record("Warning", "Host.Startup", str(warning))
        return config

    async def _load_functions(self) -> Mapping[str, Any]:
        """What worker and host do at a start: load, index, and the `serve` message."""
        from lazulite.worker import logs, propagate
        from lazulite.worker.app import LoadedApp

        config = self._config
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        levels = Filter(config.host.logging.console_levels, False)
        load = settle.load_message(config, config.worker_environment(version), levels)
        self._isolation.settings(load["environ"])
        self._isolation.place(load["search"])
        self._channel = MemoryChannel(self.records)
        debug = load["environ"].get("PYTHON_ENABLE_DEBUG_LOGGING")
        logs.install(self._channel, load["log_level"], debug)
        propagate.install_for_threads()
        folders = [spec_from_wire(raw) for raw in load["folders"]]
        self._app = LoadedApp(load["root"], load["script"], folders)
        index = build(config, self._app.report(), known_kinds())
        index = self._index = check_bindings(index, self.bindings)
        if index.problem:
            raise FunctionError(f"{index.problem}\n{index.problem_stack}".rstrip())
        keys = await self._keys.table()
        options = StartOptions(root=config.root, enable_auth=self._options.auth)
        return settle.serve_message(config, options, index, keys, self._spool.path, None)

    def _serve(self, body: Mapping[str, Any]) -> None:
        from lazulite.worker.http import Front
        from lazulite.worker.invoker import Invoker
        from lazulite.worker.policy import policy_from_wire
        from lazulite.worker.pool import default_size
        from lazulite.worker.runtime import Runtime
        from lazulite.worker.targets import table_of, target_of
        from lazulite.worker.uplink import Uplink

        specs, bound = self._app.bind(body["functions"], body["spool"])
        self._index = replace(self._index, functions=specs)
        if not self._options.allow_errors:
            refuse_errors(specs, self._index.stacks)
        self._pool = EndingPool(body["threads"] or default_size())
        self._runtime = Runtime(
            self._loop,
            self._pool,
            FullRecorder(self._channel),
            self._peer,
            body["spool"],
            body["development"],
            sleep=SkippingClock(self.clock).sleep,
        )
        self._pool.start()
        invoker = Invoker(self._runtime, bound)
        workers = LocalWorkers(self._peer, invoker, self.records)
        clock = SkippingClock(self.clock)
        self._dispatcher = RecordedDispatcher(
            self.records, workers, self.bindings, self._journal, clock, self._spool.discard
        )
        self._dispatcher.functions = self._index.functions
        targets = {
            name: target_of(spec, bound.get(name))
            for name, spec in specs.items()
            if spec.is_http and name in body["routed"]
        }
        # after the targets are made: they look at functions to find the web apps behind them
        self._watch = Watch(self.records, self._activity.poke_from_thread)
        for function in bound.values():
            self._watch.attach(function)
        table, ordered = table_of(targets, body["prefix"])
        self._front = Front(
            self._runtime,
            table,
            ordered,
            policy_from_wire(body["policy"]),
            Uplink(self._peer),
            body["body_limit"],
        )

    async def stop(self) -> None:
        """Stop the triggers, close the storage, put the process back as it was."""
        self._state = "Stopping"
        try:
            await self._listeners.stop(GRACE)
            await self._front.stop()
            await self._accounts.close()
        finally:
            self._clean_up()

    def _clean_up(self) -> None:
        pool = getattr(self, "_pool", None)
        if pool is not None:
            pool.stop()
        spool = getattr(self, "_spool", None)
        if spool is not None:
            spool.close()
        self._undo()
        self._isolation.leave()
        shutil.rmtree(self._temp, ignore_errors=True)

    # what the client does

    @property
    def functions(self) -> Mapping[str, FunctionSpec]:
        return self._index.functions

    @property
    def prefix(self) -> str:
        """The route prefix of HTTP functions."""
        return self._config.host.http.route_prefix

    def account(self, connection: str) -> Account:
        """The storage behind a connection ('' = the app's own)."""
        return self._accounts.get(connection, "", "")

    async def send(self, request: Request) -> tuple[Response, BaseException | None]:
        """The answer to a request, and what a function raised instead of one."""
        seen = len(self.records.invocations)
        exchange = Exchange(request, self._loop)
        self._front.schedule(exchange)
        try:
            await exchange.answered()
        finally:
            self._watch.answered(exchange)
        response = exchange.response()
        if response is None:
            error = exchange.errors[-1] if exchange.errors else None
            raise ConnectionError(
                f"{request.method} {request.url}: the connection was closed without an answer"
            ) from error
        if response.status_code < 500:
            return response, None
        if exchange.errors:
            return response, exchange.errors[-1]
        failed = [i.error for i in self.records.invocations[seen:] if i.error is not None]
        return response, failed[-1] if failed else None

    async def run(
        self, spec: FunctionSpec, input: str, at: datetime | None, past_due: bool
    ) -> Invocation:
        """Run a function by hand; its last attempt."""
        before = self.clock.now()
        if at is not None:
            self.clock.set(at)
        try:
            event = await self._manual_event(spec, input)
            if past_due:
                event = replace(event, value=as_past_due(event.value))
            outcome = await self._dispatcher.execute(spec.name, event)
        finally:
            if at is not None:
                self.clock.set(before)
        record = self.records.last(outcome.id)
        assert record is not None  # the dispatcher sees to it
        return record

    def now(self) -> datetime:
        return self.clock.now()

    async def advance(self, to: datetime) -> None:
        """Move the clock through every instant at which something is due."""
        while True:
            stop = min([to, *await self._stops()])
            if stop - self.clock.now() > NEARLY:
                # leases are renewed first, as they would have been all the time
                self.clock.move_to(stop - NEARLY)
                await self._rest()
            self.clock.move_to(stop)
            await self._rest()
            if stop >= to:
                return

    async def _stops(self) -> list[datetime]:
        now = self.clock.now()
        stops = [self.clock.next_planned()]
        for spec in self._index.functions.values():
            trigger = spec.trigger
            if trigger is not None and trigger.kind == "timertrigger" and not spec.error:
                stops.append(await next_occurrence(self._binding_context, spec, trigger))
        return [stop for stop in stops if stop is not None and stop > now]

    async def settle(self) -> None:
        """Return when nothing is under way and nothing moves any more."""
        if self._activity.count != self._settled or self._busy():
            await self._rest()

    async def _rest(self) -> None:
        activity = self._activity
        seen, quiet = -1, 0
        deadline = time.monotonic() + self._options.patience
        while quiet < SPINS:
            if self._busy():
                if not await activity.changed(self._busy, deadline - time.monotonic()):
                    raise self._restless()
                quiet = 0
            elif activity.count != seen:
                seen, quiet = activity.count, 0
                if time.monotonic() > deadline:
                    raise self._restless()
            else:
                quiet += 1
            await asyncio.sleep(0)
        self._settled = activity.count

    def _busy(self) -> bool:
        """Whether something runs, other requests of the test itself not counted."""
        if self._activity.open or self._dispatcher.running:
            return True
        direct = self._watch.direct
        return any(call not in direct for call, _ in self._runtime.oldest())

    def _restless(self) -> FunctionTimeout:
        running = [i for i in self.records.invocations if not i.ended]
        names = ", ".join(f"{i.function} ({i.id})" for i in running) or "its listeners"
        return FunctionTimeout(
            f"The app did not come to rest within {self._options.patience:g} s; running: {names}."
        )

    async def key(self, function: str | None) -> str:
        """A function's default key, or with None the master key."""
        if not self._keys.required:
            raise UsageError("This app asks for no keys.", hint="Open it with auth=True.")
        if function is None:
            return (await self._keys.keys.host()).master
        return (await self._keys.keys.of_function(function))["default"]

    # what the worker side asks of the host side

    async def _inputs(self, body: Any, parts: list[bytes]) -> Answer:
        return await self._dispatcher.http_inputs(body, parts)

    async def _outputs(self, body: Any, parts: list[bytes]) -> Answer:
        record = self.records.of(body["id"])
        if record is not None:
            values = unpack(body["values"], parts)
            record.outputs.update((name, plain(*pair)) for name, pair in values.items())
        return await self._dispatcher.http_outputs(body, parts)

    async def _is_running(self) -> bool:
        return self._state == "Running"

    async def _web(self, body: Any, parts: list[bytes]) -> Answer:
        request = request_of(body, parts[0])
        if request.path == "/":
            response = home_page(self._config.settings.is_true("AzureWebJobsDisableHomepage"))
        else:
            response = await self._router.answer(request)
        headers = [list(pair) for pair in response.headers.items()]
        return {"status": response.status, "headers": headers}, [response.body]

    def _mount(self) -> None:
        facts = HostFacts(
            host_id=self._config.host_id,
            instance_id=uuid4().hex,
            root=self._config.root,
            state=lambda: self._state,
            errors=list,
            restart=lambda: None,
            healthy=lambda: True,
            config=lambda: as_plain(self._config.host.root),
            processes=lambda: [(os.getpid(), "host")],
            drain=self._draining.drain,
            resume=self._draining.resume,
            drain_state=lambda: self._draining.state,
            outstanding=lambda: self._dispatcher.running,
        )
        HostApi(facts).mount(self._router)
        functions = FunctionApi(lambda: self._index, self._run_by_hand, self.prefix)
        functions.mount(self._router)
        KeyApi(self._keys.keys, lambda name: functions.find(name) is not None).mount(self._router)

    async def _run_by_hand(self, spec: FunctionSpec, input: str) -> Outcome:
        try:
            event = await self._manual_event(spec, input)
        except LazuliteError as error:
            return Outcome("", error=str(error))
        return await self._dispatcher.execute(spec.name, event)

    async def _manual_event(self, spec: FunctionSpec, input: str) -> TriggerEvent:
        """The event of a run by hand. Raises LazuliteError when there is none."""
        trigger = spec.trigger
        if trigger is None or spec.error:
            raise FunctionError(f"Function '{spec.name}' cannot be run: {spec.error}")
        try:
            kind = self.bindings.trigger(trigger.kind)
        except KeyError:
            raise UsageError(f"Function '{spec.name}' is called by its URL.") from None
        return await kind.manual(spec, trigger, input)

    # keys

    async def _keys_now(self) -> KeyTable | None:
        return await self._keys.table()

    async def _reread_keys(self) -> bool:
        return await self._keys.reread()

    async def _unknown_key(self, body: Any, parts: list[bytes]) -> Answer:
        return {"changed": await self._keys.reread()}, []

    def _context(self) -> BindingContext:
        config = self._config
        return BindingContext(
            host_id=config.host_id,
            instance_id=uuid4().hex,
            app_root=config.root,
            spool=self._spool.path,
            accounts=self._accounts,
            state=HostState(self._accounts),
            clock=self.clock,
            options=config.host.extension,
            singleton=asdict(config.host.singleton),
            log=self._journal.host,
            webhook=self._router.webhook,
            development=config.development,
            settings=config.settings,
        )


__all__ = ["AppOptions", "InProcessApp"]
