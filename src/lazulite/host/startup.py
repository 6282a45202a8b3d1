"""What `func start` says while the app comes up: the original's start-up records, the list of
functions, and what is wrong with some."""

from __future__ import annotations

import os
import time

from lazulite import __version__
from lazulite.config.app import AppConfig
from lazulite.config.hostjson import HostConfig
from lazulite.errors import ConfigError
from lazulite.host import welcome
from lazulite.host.index import Index
from lazulite.host.journal import Journal
from lazulite.host.options import StartOptions
from lazulite.model import FunctionSpec
from lazulite.telemetry.console import Console

CATEGORY = "Host.Startup"


class Startup:
    """Call `begins`, then `indexed`, then `started`; `tell` writes what people read."""

    def __init__(
        self,
        options: StartOptions,
        config: AppConfig,
        instance_id: str,
        console: Console,
        journal: Journal,
    ) -> None:
        self._options = options
        self._config = config
        self._instance_id = instance_id
        self._console = console
        self._journal = journal
        self._began = time.monotonic()

    def begins(self) -> None:
        """The banner, and what reading the configuration brought up."""
        config = self._config
        self._console.text(welcome.banner())
        self._log(
            f"Starting Host (HostId={config.host_id}, InstanceId={self._instance_id}, "
            f"Version={__version__}, ProcessId={os.getpid()}, Debug=False)"
        )
        for message in config.messages:
            self._log(message)
        for warning in config.warnings:
            self._log(str(warning), "Warning")

    def indexed(self, index: Index) -> None:
        """The functions are known."""
        provider = "Worker" if index.model == "v2" else "Host"
        good = [spec for spec in index.functions.values() if not spec.error]
        allowed = self._config.host.functions
        self._log(f"Reading functions metadata ({provider})")
        self._log(f"{len(index.functions)} functions found ({provider})")
        self._log(f"{len(index.functions)} functions loaded")
        self._log(f"Generating {len(good)} job function(s)")
        if good:
            names = "\n".join(f"Host.Functions.{spec.name}" for spec in good)
            self._log(f"Found the following functions:\n{names}")
        elif not (index.functions or index.problem or self._config.warnings or allowed):
            script = self._config.script_name
            self._log(
                f"No job functions found. Decorate functions in {script}, or add folders with "
                "function.json.",
                "Warning",
            )
        self._log(welcome.routes(good, self._config.host.http.route_prefix))
        for spec in index.functions.values():
            if spec.disabled:
                self._log(f"Function '{spec.name}' is disabled")
        self._log(f"Host initialized ({self._milliseconds()}ms)")

    def started(self) -> None:
        """Requests and events are taken."""
        self._log(f"Host started ({self._milliseconds()}ms)")
        self._log("Job host started")

    def tell(self, config: AppConfig, index: Index, port: int, keys_place: str | None) -> None:
        """The functions with their addresses, and all that is wrong. config: as it is now;
        keys_place: where the keys are, when they are checked on demand."""
        scheme = "https" if self._options.use_https else "http"
        base = f"{scheme}://localhost:{port}"
        prefix = config.host.http.route_prefix
        for line in welcome.function_list(index.functions.values(), base, prefix):
            self._console.text(line)
        if index.passed_over:
            names = ", ".join(index.passed_over)
            self._log(
                f"Detected mixed function app. Some functions may not be indexed - {names}",
                "Warning",
            )
        if index.problem:
            text = f"Worker failed to index functions\n{index.problem}"
            if index.problem_stack:
                text += f"\n{index.problem_stack.rstrip()}"
            self._log(text, "Error")
        for spec in index.functions.values():
            if spec.error:
                self._tell_error(spec, index.stacks.get(spec.name, ""))
        for problem in unknown_functions(config.host, index) + unknown_limits(config.host, index):
            self._log(str(problem), "Warning")
        if keys_place is not None:
            self._console.text(f"Keys are checked: they are in {keys_place}.\n")
        if not self._options.verbose:
            self._console.text("For detailed output, run func with --verbose flag.")

    def _tell_error(self, spec: FunctionSpec, stack: str) -> None:
        text = f"The '{spec.name}' function is in error: {spec.error}"
        self._log(f"{text}\n{stack.rstrip()}" if stack else text, "Error")

    def _log(self, text: str, level: str = "Information") -> None:
        self._journal.host(level, CATEGORY, text)

    def _milliseconds(self) -> int:
        return round(1000 * (time.monotonic() - self._began))


def unknown_functions(host: HostConfig, index: Index) -> list[ConfigError]:
    """What the allow-list names and the app does not have."""
    if index.problem:
        return []
    there = {name.lower() for name in index.functions}
    return [
        ConfigError(
            f"The app has no function '{name}', which it is to run.",
            hint="Mend the name: it is in --functions, or in 'functions' of host.json.",
        )
        for name in host.functions or ()
        if name.lower() not in there
    ]


def unknown_limits(host: HostConfig, index: Index) -> list[ConfigError]:
    """What `concurrency.functions` limits and the app does not have: a name mistyped."""
    section = host.root.section("concurrency", "functions")
    known = {name.lower() for name in index.functions}
    return [
        section.error(
            name,
            f"'{section.key(name)}' is no function of this app.",
            f"It has {', '.join(index.functions) or 'none'}.",
        )
        for name in section
        if name.lower() not in known
    ]
