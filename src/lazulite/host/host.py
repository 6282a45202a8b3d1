"""The host of one app: puts its parts together and lives with them until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from lazulite.abc import BindingContext
from lazulite.bindings import Bindings, known_kinds
from lazulite.config.app import AppConfig
from lazulite.config.section import plain
from lazulite.errors import LazuliteError
from lazulite.host import settle
from lazulite.host.admin.functions import FunctionApi
from lazulite.host.admin.home import home_page
from lazulite.host.admin.host import HostApi, HostFacts
from lazulite.host.admin.keys import KeyApi
from lazulite.host.admin.logs import LogApi
from lazulite.host.admin.router import Router, request_of
from lazulite.host.clock import SystemClock
from lazulite.host.dispatch import Dispatcher
from lazulite.host.draining import Draining
from lazulite.host.index import Index, build
from lazulite.host.journal import Journal
from lazulite.host.keyring import KeyRing, secret_store
from lazulite.host.keys import Keys
from lazulite.host.launch import Launch, Template
from lazulite.host.listeners import Listeners
from lazulite.host.listening import PublicSockets
from lazulite.host.logstream import LogStream
from lazulite.host.options import StartOptions
from lazulite.host.presence import presence
from lazulite.host.recent import Recent
from lazulite.host.spool import Spool
from lazulite.host.startup import Startup
from lazulite.host.storage import HostAccounts, HostState
from lazulite.host.supervisor import Supervisor
from lazulite.host.validate import check_bindings
from lazulite.model import FunctionSpec, Outcome
from lazulite.telemetry.console import Console, Filter
from lazulite.web.keys import KeyTable
from lazulite.wire.peer import Answer

GRACE = 10.0
ADMIN_PATIENCE = 30.0  # seconds


class Host:
    """`run` is its life; `interrupt` ends it, a second time at once."""

    def __init__(
        self,
        options: StartOptions,
        config: AppConfig,
        launch: Launch,
        listeners: PublicSockets,
        console: Console,
        levels: Filter,
    ) -> None:
        self._options = options
        self._config = config
        self._launch = launch
        self._public = listeners
        self._console = console
        self._levels = levels
        self._journal = Journal(console)
        self._clock = SystemClock()
        self._instance_id = os.urandom(16).hex()
        self._startup = Startup(options, config, self._instance_id, console, self._journal)
        self._index = Index({}, "v1")
        self._state = "Starting"
        self._stop = asyncio.Event()
        self._interrupts = 0
        self._running = asyncio.Event()
        self._spool = Spool(config.root)
        self._presence = presence(
            config.root,
            "https" if options.use_https else "http",
            listeners.address,
            listeners.port,
            self._instance_id,
            known=options.listeners,
        )

    # life

    async def run(self, template_pid: int, control: socket.socket) -> int:
        """Serve until interrupted; the exit code."""
        self._startup.begins()
        template = Template(template_pid, control)
        try:
            self._assemble(template)
            return await self._live(template)
        finally:
            self._spool.close()

    def _assemble(self, template: Template) -> None:
        config = self._config
        self._router = Router(
            lambda: self._keys.table(), self._is_running, lambda: self._keys.reread()
        )
        self._accounts = HostAccounts(
            config.root, config.settings, config.host.extension("queues"), self._journal.host
        )
        local = config.development
        secrets = secret_store(config, local, lambda: HostState(self._accounts))
        self._keys = KeyRing(
            Keys(secrets, config.host_id, self._keys_changed),
            self._options.enable_auth or not local,
            lambda: [spec.name for spec in self._index.functions.values() if spec.is_http],
            lambda: self._router.extensions,
        )
        self._bindings = Bindings(self._context())
        self._recent = Recent()
        self._stream = LogStream(self._recent.before(self._journal.take))
        self._supervisor = Supervisor(
            template,
            self._public.fds,
            config.processes,
            self._stream,
            self._journal,
            {
                "web": self._web,
                "keys": self._unknown_key,
                "inputs": lambda body, parts: self._dispatcher.http_inputs(body, parts),
                "outputs": lambda body, parts: self._dispatcher.http_outputs(body, parts),
            },
            lambda: {
                **settle.load_message(config, self._launch.environ, self._levels),
                "debug": settle.debug_message(self._options),
            },
            self._settle,
        )
        self._dispatcher = Dispatcher(
            self._supervisor, self._bindings, self._journal, self._clock, self._spool.discard
        )
        self._listeners = Listeners(self._bindings, self._dispatcher, self._journal)
        self._draining = Draining(self._listeners, lambda: self._index.functions)
        self._mount()

    async def _live(self, template: Template) -> int:
        starting = asyncio.ensure_future(self._start(template))
        stopping = asyncio.ensure_future(self._stop.wait())
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        try:
            if starting.done():
                await starting
                await stopping
            else:
                starting.cancel()
        finally:
            stopping.cancel()
            await self._shut_down()
        return 0

    async def _start(self, template: Template) -> None:
        await template.ready(self._options.timeout)
        await self._supervisor.start()
        self._presence.announce()
        self._startup.indexed(self._index)
        place = self._keys.place if self._options.enable_auth else None
        self._startup.tell(self._index, self._public.port, place)
        self._state = "Running"
        self._running.set()
        self._startup.started()
        gc.freeze()
        gc.enable()
        if self._options.listeners:
            await self._listeners.start(self._index.functions)

    async def _shut_down(self) -> None:
        self._state = "Stopping"
        self._running.clear()
        self._presence.withdraw()
        grace = GRACE if self._interrupts < 2 else 0.0
        await self._listeners.stop(grace)
        await self._supervisor.stop(grace)
        await self._accounts.close()
        self._state = "Stopped"

    def interrupt(self) -> None:
        """A signal arrived: drain; the second one does not wait."""
        self._interrupts += 1
        if self._interrupts > 1:
            os._exit(130)
        self._stop.set()

    # loading

    async def _settle(self, report: Mapping[str, Any]) -> Mapping[str, Any]:
        """The `serve` message for what a worker loaded."""
        index = build(self._config, report, known_kinds())
        self._index = check_bindings(index, self._bindings)
        self._dispatcher.functions = self._index.functions
        keys = await self._keys.table()
        return settle.serve_message(
            self._config, self._options, self._index, keys, self._spool.path, None
        )

    # HTTP of the host itself

    def _mount(self) -> None:
        facts = HostFacts(
            host_id=self._config.host_id,
            instance_id=self._instance_id,
            root=self._config.root,
            state=lambda: "Error" if self._index.problem else self._state,
            errors=lambda: [self._index.problem] if self._index.problem else [],
            restart=lambda: None,
            healthy=lambda: True,
            config=lambda: plain(self._config.host.root),
            processes=self._processes,
            drain=self._draining.drain,
            resume=self._draining.resume,
            drain_state=lambda: self._draining.state,
            outstanding=lambda: self._dispatcher.running,
        )
        HostApi(facts).mount(self._router)
        functions = FunctionApi(
            lambda: self._index, self._run_by_hand, self._config.host.http.route_prefix
        )
        functions.mount(self._router)
        KeyApi(self._keys.keys, lambda name: functions.find(name) is not None).mount(self._router)
        LogApi(self._recent, self._stream.catch_up).mount(self._router)

    def _processes(self) -> list[tuple[int, str]]:
        workers = [(w.pid, f"worker {w.number}") for w in self._supervisor.workers]
        return [(os.getpid(), "host"), *workers]

    async def _is_running(self) -> bool:
        """Whether the host runs, or does so soon."""
        if self._state in ("Stopping", "Stopped"):
            return False
        try:
            await asyncio.wait_for(self._running.wait(), ADMIN_PATIENCE)
        except asyncio.TimeoutError:
            return False
        return True

    async def _web(self, body: Any, parts: list[bytes]) -> Answer:
        """The `web` call: a request that is the host's to answer."""
        request = request_of(body, parts[0])
        if request.path == "/":
            disabled = self._config.settings.is_true("AzureWebJobsDisableHomepage")
            response = home_page(disabled)
        else:
            response = await self._router.answer(request)
        headers = [list(pair) for pair in response.headers.items()]
        return {"status": response.status, "headers": headers}, [response.body]

    async def _run_by_hand(self, spec: FunctionSpec, input: str) -> Outcome:
        trigger = spec.trigger
        if trigger is None or spec.error:
            return Outcome("", error=spec.error or "it has no trigger")
        try:
            event = await self._bindings.trigger(trigger.kind).manual(spec, trigger, input)
        except LazuliteError as error:
            return Outcome("", error=str(error))
        except KeyError:
            return Outcome("", error="call an HTTP function by its URL")
        return await self._dispatcher.execute(spec.name, event)

    # keys

    async def _unknown_key(self, body: Any, parts: list[bytes]) -> Answer:
        """The `keys` call: a worker met a key that it does not know."""
        return {"changed": await self._keys.reread()}, []

    def _keys_changed(self, table: KeyTable) -> None:
        if self._keys.required:
            self._supervisor.policy(settle.policy_message(self._config, self._options, table))

    # what bindings may use

    def _context(self) -> BindingContext:
        config = self._config
        return BindingContext(
            host_id=config.host_id,
            instance_id=self._instance_id,
            app_root=config.root,
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


def _development(config: AppConfig) -> bool:
    return config.settings.get("AZURE_FUNCTIONS_ENVIRONMENT") == "Development"
