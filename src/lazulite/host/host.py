"""The host of one app: puts its parts together and lives with them until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lazulite.config.app import AppConfig
from lazulite.host.admin.host import HostFacts
from lazulite.host.admin.logs import LogApi
from lazulite.host.app import HostedApp
from lazulite.host.clock import SystemClock
from lazulite.host.exits import Exits
from lazulite.host.fallback import NOT_RUNNING, Fallback
from lazulite.host.generation import Generation
from lazulite.host.generations import Generations
from lazulite.host.health import Health
from lazulite.host.journal import Journal
from lazulite.host.keyring import secret_store
from lazulite.host.launch import Launch, Template
from lazulite.host.listening import PublicSockets
from lazulite.host.logstream import LogStream
from lazulite.host.options import StartOptions
from lazulite.host.presence import presence
from lazulite.host.recent import Recent
from lazulite.host.reload import Reloader, offline_body, set_offline
from lazulite.host.spool import Spool
from lazulite.host.startup import Startup
from lazulite.host.storage import HostAccounts, HostState
from lazulite.host.supervisor import Supervisor
from lazulite.host.watch import OFFLINE_FILE, Rules
from lazulite.model import FunctionSpec
from lazulite.telemetry.console import Console, Filter

if TYPE_CHECKING:
    from lazulite.host.debugger import Debugger

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
        debugger: Debugger | None = None,
    ) -> None:
        self._options = options
        self._config = config
        self._launch = launch
        self._public = listeners
        self._console = console
        self._levels = levels
        self._debugger = debugger
        self._journal = Journal(console)
        self._clock = SystemClock()
        self._instance_id = os.urandom(16).hex()
        self._startup = Startup(options, config, self._instance_id, console, self._journal)
        self._state = "Starting"
        self._tasks: set[asyncio.Task[None]] = set()
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
        accounts = HostAccounts.of(config, self._journal.host)
        app = self._app = HostedApp(
            config,
            self._options,
            self._instance_id,
            accounts,
            secret_store(config, lambda: HostState(accounts)),
            self._clock,
            self._journal,
            self._spool,
            self._is_running,
            lambda message: self._supervisor.policy(message),
        )
        tls = self._certificate()
        self._generations = Generations(
            app,
            self._options,
            self._levels,
            self._journal.host,
            self._public.port,
            tls,
            self._debugger.message if self._debugger else None,
            lambda: self._supervisor.available,
            self._adopt,
        )
        self._generation = self._generations.first(self._launch, template, accounts)
        self._recent = Recent()
        self._stream = LogStream(self._recent.before(self._journal.take))
        self._supervisor = Supervisor(
            self._generation,
            self._public,
            self._stream,
            self._journal,
            app.calls(),
            app.permits,
            self._availability_changed,
            self._spool.sweep,
        )
        self._fallback = Fallback(self._public, app.answer, tls)
        self._health = Health(
            config.host.health_monitor,
            lambda: [w.vitals for w in self._supervisor.workers if w.vitals is not None],
            lambda text: self._journal.host("Warning", "Host.Health", text),
        )
        self._reloader = Reloader(
            config.root, self._watch_rules, self._journal, self._reload, self._go_offline
        )
        app.attach(self._supervisor, self._clock)
        app.mount(self._facts())
        LogApi(self._recent, self._stream.catch_up).mount(app.router)

    def _certificate(self) -> dict[str, str] | None:
        options = self._options
        if not options.use_https:
            return None
        from lazulite.host.tls import certificate

        home, _ = os.path.split(self._spool.path)
        own = os.path.join(
            home if home.startswith(self._config.root) else self._spool.path, "https"
        )
        made = certificate(options.cert, options.password, self._spool.path, own)
        return {"cert": made.cert, "key": made.key}

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
        if self._debugger is not None:
            await self._offer(self._debugger)
        body = offline_body(self._config.root)
        if body is not None:
            await self._go_offline(body)
            self._presence.announce()
        else:
            await self._supervisor.start()
            self._presence.announce()
            if self._generation.index is not None:
                self._adopt(self._generation)
                self._startup.indexed(self._app.index)
            self._tell()
            self._state = "Running"
            self._running.set()
            self._startup.started()
            if self._options.listeners:
                await self._app.listeners.start(self._app.functions)
        gc.freeze()
        gc.enable()
        self._in_background(self._health.watch())
        if self._options.listeners:
            self._in_background(self._reloader.run(body is not None))

    async def _offer(self, debugger: Debugger) -> None:
        """Tell that debuggers can attach; wait for one where that is wanted."""
        attached = asyncio.Event()
        self._in_background(self._follow(debugger, attached))
        self._in_background(debugger.serve())
        waiting = ", and is waited for" if self._options.debug_wait else ""
        self._journal.host(
            "Information",
            "Host.Debugger",
            f"A debugger can attach on port {debugger.port}{waiting}.",
        )
        if waiting:
            await attached.wait()

    async def _follow(self, debugger: Debugger, attached: asyncio.Event) -> None:
        """End the app with the process that debuggers attach to: who ended that wants it."""
        how = Exits().describe(await debugger.follow(attached))
        self._journal.host(
            "Warning",
            "Host.Debugger",
            f"The process that debuggers attach to {how}; the app is stopped.",
        )
        self._stop.set()

    async def _shut_down(self) -> None:
        self._state = "Stopping"
        self._running.clear()
        self._presence.withdraw()
        for task in list(self._tasks):
            task.cancel()
        grace = self._generation.limits.grace
        await asyncio.gather(self._app.listeners.stop(grace), self._supervisor.drain(grace))
        await self._supervisor.stop()
        await self._fallback.stop()
        await self._generation.accounts.close()
        self._state = "Stopped"

    def interrupt(self) -> None:
        """A signal arrived: drain; the second one does not wait."""
        self._interrupts += 1
        if self._interrupts > 1:
            self._spool.close()
            self._presence.withdraw()
            os._exit(130)  # the template ends the workers when it hears nothing more
        self._stop.set()

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._background_ended)

    def _background_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._journal.host("Error", "Host.General", str(task.exception()))

    # generations of the app

    def _adopt(self, generation: Generation) -> None:
        """Make a generation the one that the rest of the host sees."""
        assert generation.index is not None
        self._generation = generation
        self._app.adopt(generation.config, generation.index, generation.bindings)

    async def _reload(self, packages: bool) -> None:
        """Have the app as it is on disk now take over. Raises LazuliteError when it cannot."""
        old = self._generation
        generation = await self._generations.next(old, packages)
        before = self._app.functions
        try:
            await self._supervisor.switch(generation)
        except BaseException:
            if generation.template is not old.template:
                generation.template.close()
            raise
        self._adopt(generation)
        table = await self._app.keys.table()
        if table is not None:  # there may be functions that had no key before
            self._app.keys_changed(table)
        for warning in generation.config.warnings:
            self._journal.host("Warning", "Host.Startup", str(warning))
        if before != self._app.functions:
            self._tell()
        self._state = "Running"
        self._running.set()
        self._in_background(self._change_listeners(before, old))

    async def _change_listeners(self, before: Mapping[str, FunctionSpec], old: Generation) -> None:
        app = self._app
        if self._options.listeners and app.draining.state == "Disabled":
            await app.listeners.change(app.bindings, before, app.functions)
        if old.accounts is not self._generation.accounts:
            await old.accounts.close()

    async def _go_offline(self, body: bytes) -> None:
        """app_offline.htm is there."""
        self._state = "Offline"
        self._running.clear()
        self._fallback.offline = body
        await self._fallback.start()
        await self._supervisor.pause()
        self._in_background(self._app.listeners.stop())
        self._journal.host("Information", "Host.Startup", f"The app is offline: {OFFLINE_FILE}.")

    def _availability_changed(self) -> None:
        """Have somebody answer the port, whoever can."""
        if self._supervisor.available:
            if self._fallback.running:
                self._fallback.offline = NOT_RUNNING
                self._in_background(self._fallback.stop())
        elif self._supervisor.problem:
            self._in_background(self._fallback.start())

    def _watch_rules(self) -> Rules:
        host = self._app.config.host
        return Rules(self._config.root, host.watch_files, host.watch_directories)

    def _tell(self) -> None:
        place = self._app.keys.place if self._options.enable_auth else None
        self._startup.tell(self._app.config, self._app.index, self._public.port, place)

    # what the admin API tells

    def _facts(self) -> HostFacts:
        return replace(
            self._app.facts(),
            state=lambda: "Error" if self._problems() else self._state,
            errors=self._problems,
            restart=self._reloader.request,
            healthy=lambda: self._health.healthy,
            ready=self._is_ready,
            set_offline=lambda wanted: set_offline(self._config.root, wanted),
            health=lambda: {"healthy": self._health.healthy, "counters": self._health.counters},
            processes=self._processes,
        )

    def _problems(self) -> list[str]:
        """Why the app does not run."""
        if self._app.index.problem:
            return [self._app.index.problem]
        if self._supervisor.problem and not self._supervisor.available:
            return [self._supervisor.problem]
        return []

    def _is_ready(self) -> bool:
        """Whether new work is welcome: a worker serves, nobody drains or stops."""
        return (
            self._state == "Running"
            and self._supervisor.available
            and self._app.draining.state == "Disabled"
        )

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
