"""A whole app in this process: the host's and the worker's parts, joined without a wire."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime

from lazulite.abc import Account
from lazulite.bindings import known_kinds
from lazulite.config.app import AppConfig, Launch, load_app
from lazulite.config.encryption import decrypt
from lazulite.errors import UsageError
from lazulite.host import settle
from lazulite.host.main import development
from lazulite.model import FunctionSpec
from lazulite.telemetry.console import Filter
from lazulite.testing.accounts import TestAccounts
from lazulite.testing.activity import Activity, Counted, count_threads
from lazulite.testing.clock import ManualClock, SkippingClock
from lazulite.testing.failures import called_by_url, overdue, refuse_errors, refuse_unknown
from lazulite.testing.hostside import HostSide
from lazulite.testing.isolation import Isolation
from lazulite.testing.records import Invocation, Records
from lazulite.testing.request import Request
from lazulite.testing.response import Response
from lazulite.testing.rest import Rest, pass_time
from lazulite.testing.surroundings import Surroundings
from lazulite.testing.timers import as_past_due, next_occurrence
from lazulite.testing.workerside import WorkerSide

NO_LOOKS = 3600.0  # nobody else writes into the storage: looking for that is not needed


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
        self.records = Records()
        self.surroundings: Surroundings | None = None
        self._clock = ManualClock(options.now)
        self._options = options
        self._stack = AsyncExitStack()
        self._accounts: TestAccounts
        self._host: HostSide
        self._worker: WorkerSide
        self._activity: Activity
        self._rest: Rest

    async def start(self) -> None:
        """Load the app and start its triggers. Raises LazuliteError when it cannot be loaded."""
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise

    async def _start(self) -> None:
        options, stack = self._options, self._stack
        isolation = Isolation(self.root, fresh=options.fresh)
        isolation.enter()
        self.surroundings = isolation.surroundings
        stack.callback(isolation.leave)
        temp = tempfile.mkdtemp(prefix="lazulite-test-")
        stack.callback(shutil.rmtree, temp, ignore_errors=True)
        activity = self._activity = Activity(asyncio.get_running_loop())
        self.records.ended = activity.poke_from_thread
        stack.callback(count_threads(activity))
        config = self._load_config()
        self._accounts = TestAccounts(
            options.storage or temp,
            config.settings,
            self._clock,
            lambda service: Counted(service, activity),
            interval=NO_LOOKS,
            durable=options.storage is not None,
        )
        stack.push_async_callback(self._accounts.close)
        host = self._host = HostSide(
            config,
            temp,
            self._accounts,
            self._clock,
            self.records,
            options.auth,
            lambda body: self._worker.policy(body),
        )
        stack.callback(host.close)
        skipping = SkippingClock(self._clock)
        worker = self._worker = WorkerSide(
            self.records,
            host.calls(),
            host.app.permits.returned,
            activity.poke_from_thread,
            skipping.sleep,
        )
        stack.push_async_callback(worker.stop)
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        levels = Filter(config.host.logging.console_levels, False)
        load = settle.load_message(config, config.worker_environment(version), levels)
        specs = worker.serve(await host.answer(worker.load(load, isolation)))
        refuse_unknown(options.functions, specs)
        if not options.allow_errors:
            refuse_errors(self.root, specs, host.app.index.stacks)
        self._rest = Rest(activity, self._busy, options.patience, self.records)
        await host.start(worker.workers, specs, options.triggers, stack)
        await self._rest.settle()

    def _load_config(self) -> AppConfig:
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

    async def stop(self) -> None:
        """Stop the triggers, close the storage, put the process back as it was."""
        await self._stack.aclose()

    @property
    def functions(self) -> Mapping[str, FunctionSpec]:
        return self._host.functions

    def account(self, connection: str) -> Account:
        return self._accounts.get(connection, "", "")

    async def send(self, request: Request) -> tuple[Response, BaseException | None]:
        return await self._worker.send(request, self._options.patience)

    async def run(
        self, spec: FunctionSpec, input: str, at: datetime | None, past_due: bool
    ) -> Invocation:
        if spec.is_http:
            raise called_by_url(spec.name)
        before, patience = self._clock.now(), self._options.patience
        if at is not None:
            self._clock.set(at)
        try:
            event = await self._host.app.event(spec, input)
            if past_due:
                event = replace(event, value=as_past_due(event.value))
            running = self._host.app.dispatcher.execute(spec.name, event)
            outcome = await asyncio.wait_for(running, patience)
        except asyncio.TimeoutError:
            raise overdue(f"Function '{spec.name}' did not end", patience) from None
        finally:
            if at is not None:
                self._clock.set(before)
        record = self.records.last(outcome.id)
        assert record is not None  # the dispatcher sees to it
        return record

    def now(self) -> datetime:
        return self._clock.now()

    async def advance(self, to: datetime) -> None:
        await pass_time(self._clock, to, self._rest, self._stops)

    async def _stops(self) -> list[datetime]:
        """When timers fire next, and hidden messages come back."""
        now = self._clock.now()
        stops = [self._clock.next_planned()]
        for spec in self.functions.values() if self._options.triggers else ():
            trigger = spec.trigger
            if trigger is None or spec.error or spec.disabled:
                continue
            if trigger.kind == "timertrigger":
                stops.append(await next_occurrence(self._host.context, spec, trigger))
        return [stop for stop in stops if stop is not None and stop > now]

    async def settle(self) -> None:
        await self._rest.settle()

    def _busy(self) -> bool:
        return bool(self._activity.open or self._host.busy or self._worker.busy)

    async def key(self, function: str | None) -> str:
        ring = self._host.app.keys
        if not ring.required:
            raise UsageError("This app asks for no keys.", hint="Open it with auth=True.")
        if function is None:
            return (await ring.keys.host()).master
        return (await ring.keys.of_function(function))["default"]
