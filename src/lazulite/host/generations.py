"""How generations of the app come about: the first from what the host was started with, each
further one from what is on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from lazulite.bindings import Bindings
from lazulite.config.app import AppConfig
from lazulite.host import settle
from lazulite.host.app import HostedApp
from lazulite.host.generation import Generation
from lazulite.host.launch import Launch, Template, spawn
from lazulite.host.options import StartOptions
from lazulite.host.reload import check_not_worse
from lazulite.host.storage import HostAccounts, Log
from lazulite.telemetry.console import Filter

TEMPLATE_START = 60.0  # seconds


class Generations:
    """port: the public one; tls: files of the certificate; debug: what workers need to take part in
    a debugger's session; serving: whether a worker serves; adopt:
    called with the first generation when it is known what it holds."""

    def __init__(
        self,
        app: HostedApp,
        options: StartOptions,
        levels: Filter,
        log: Log,
        port: int,
        tls: Mapping[str, str] | None,
        debug: Mapping[str, Any] | None,
        serving: Callable[[], bool],
        adopt: Callable[[Generation], None],
    ) -> None:
        self._app = app
        self._options = options
        self._levels = levels
        self._log = log
        self._port = port
        self._tls = tls
        self._debug = debug
        self._serving = serving
        self._adopt = adopt
        self._count = 0

    def first(self, launch: Launch, template: Template, accounts: HostAccounts) -> Generation:
        """The generation that the host starts with."""
        app = self._app
        return self._new(app.config, launch, template, accounts, app.bindings)

    async def next(self, old: Generation, packages: bool) -> Generation:
        """The generation of the app as it is on disk now. packages: whether installed packages have
        changed, which templates hold. Raises LazuliteError when there can be none."""
        from lazulite.host import main

        config = main.load(self._options)
        launch, template = await self._relaunch(old, config, packages)
        accounts, bindings = old.accounts, old.bindings
        try:
            if (config.settings, config.host) != (old.config.settings, old.config.host):
                accounts = HostAccounts.of(config, self._log)
                bindings = self._app.bindings_of(config, accounts)
            return self._new(config, launch, template, accounts, bindings)
        except BaseException:
            if template is not old.template:
                template.close()
            raise

    def _new(
        self,
        config: AppConfig,
        launch: Launch,
        template: Template,
        accounts: HostAccounts,
        bindings: Bindings,
    ) -> Generation:
        self._count += 1
        app, first = self._app, self._count == 1

        async def answer(report: Mapping[str, Any]) -> Mapping[str, Any]:
            if generation.index is None:
                index = app.index_of(config, report, bindings)
                if not first:
                    check_not_worse(app.index, index)
                generation.index, generation.report = index, report
                if first:
                    self._adopt(generation)
            elif report != generation.report and self._serving():
                # the code has changed since, maybe for the worse: others serve the good one
                check_not_worse(generation.index, app.index_of(config, report, bindings))
            return await app.serve_message(config, generation.index, self._tls)

        generation = Generation(
            number=self._count,
            config=config,
            limits=settle.limits_of(config, self._options),
            timeout=settle.timeout_of(config, self._options),
            launch=launch,
            template=template,
            accounts=accounts,
            bindings=bindings,
            load={
                **settle.load_message(config, launch.environ, self._levels),
                "debug": self._debug,
            },
            settle=answer,
        )
        return generation

    async def _relaunch(
        self, old: Generation, config: AppConfig, packages: bool
    ) -> tuple[Launch, Template]:
        """How workers are started: from the template there is, unless what it holds has changed."""
        from lazulite.config.python import find_interpreter
        from lazulite.host import main

        if not packages:
            version = ".".join(map(str, old.template.python[:2]))
            environ = config.worker_environment(version, self._port)
            return replace(old.launch, environ=environ), old.template
        interpreter = find_interpreter(config.root, config.settings, self._options.python)
        environ = main.environment(config, interpreter, self._port)
        launch = main.template_launch(config, interpreter, environ)
        template = Template(*spawn(launch))
        try:
            await template.ready(TEMPLATE_START)
        except BaseException:
            template.close()
            raise
        return launch, template
