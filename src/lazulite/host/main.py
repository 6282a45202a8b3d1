"""`func start`: from options to a running host.

The order is the point: what the first answer waits for (the app's interpreter importing
`azure.functions`) is started before anything else is imported.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING

from lazulite.config.app import AppConfig, Launch, load_app
from lazulite.config.python import Interpreter, find_interpreter
from lazulite.host import listening
from lazulite.host.launch import Launch as TemplateLaunch
from lazulite.host.launch import command_of, spawn
from lazulite.host.options import StartOptions
from lazulite.host.server_files import server_folder
from lazulite.host.spawning import Started, search_path

if TYPE_CHECKING:
    from lazulite.host.debugger import Debugger


def start(options: StartOptions, started: Started | None = None) -> int:
    """Run the app until it is told to stop; the exit code. Raises LazuliteError for what the user
    must mend first.

    started: a template process begun on a guess.
    """
    config = load(options)
    interpreter = find_interpreter(config.root, config.settings, options.python)
    address = options.address or config.local.host.address or "127.0.0.1"
    port = options.port if options.port is not None else config.local.host.port or 7071
    listeners = listening.bind(address, port)
    environ = environment(config, interpreter, listeners.port)
    launch = template_launch(config, interpreter, environ)
    pid, control = fitting(started, launch)
    debugger = debugger_of(launch, options)

    from lazulite.host.run import run

    try:
        return run(options, config, launch, listeners, pid, control, debugger)
    finally:
        listeners.close()
        if debugger is not None:
            debugger.stop()


def debugger_of(launch: TemplateLaunch, options: StartOptions) -> Debugger | None:
    """What debuggers attach to, when that is wanted."""
    if not options.debug:
        return None
    from lazulite.host.debugger import start_debugger

    return start_debugger(launch, options)


def fitting(started: Started | None, launch: TemplateLaunch) -> tuple[int, socket.socket]:
    """The template that was begun if it is the right one, else a new one."""
    if started is not None:
        if started.is_for(command_of(launch), launch.environ):
            return started.pid, started.control
        started.discard()
    return spawn(launch)


def load(options: StartOptions) -> AppConfig:
    """The app's configuration as `func start` sees it."""
    from lazulite.bindings import known_kinds
    from lazulite.config.encryption import decrypt

    return load_app(
        options.root,
        os.environ,
        Launch(
            port=options.port,
            functions=options.functions,
            user_log_level=options.user_log_level,
            development=development(os.environ.get("AZURE_FUNCTIONS_ENVIRONMENT")),
        ),
        kinds=known_kinds(),
        decrypt=decrypt,
    )


def development(environment: str | None) -> bool:
    """Whether this is local mode: unless the environment names another."""
    return environment is None or environment.lower() == "development"


def environment(config: AppConfig, interpreter: Interpreter, port: int) -> dict[str, str]:
    """The worker's environment."""
    version = f"{interpreter.version[0]}.{interpreter.version[1]}"
    return config.worker_environment(version, port)


def template_launch(
    config: AppConfig, interpreter: Interpreter, environ: dict[str, str]
) -> TemplateLaunch:
    """How the app's template process is started."""
    server = server_folder(
        interpreter.path, interpreter.version, os.environ, lambda line: print(line, file=sys.stderr)
    )
    return TemplateLaunch(
        python=interpreter.path,
        root=config.root,
        server=server,
        search=tuple(search_path(config.root)),
        environ=environ,
    )
