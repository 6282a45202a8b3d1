"""The host's process: its event loop, its signals, what it prints."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING, TextIO

from lazulite.config.app import AppConfig
from lazulite.errors import UsageError
from lazulite.host.host import Host
from lazulite.host.launch import Launch
from lazulite.host.listening import PublicSockets
from lazulite.host.options import StartOptions
from lazulite.telemetry.console import Console, Filter, safe_stdout, wants_colour

if TYPE_CHECKING:
    from lazulite.host.debugger import Debugger
    from lazulite.telemetry.files import LogFiles


def run(
    options: StartOptions,
    config: AppConfig,
    launch: Launch,
    listeners: PublicSockets,
    template_pid: int,
    control: socket.socket,
    debugger: Debugger | None = None,
) -> int:
    """Serve until SIGINT or SIGTERM; the exit code."""
    out = safe_stdout()
    levels = Filter(config.host.logging.console_levels, options.verbose)
    colour = wants_colour(out, config.settings)
    console = Console(out, levels, colour, options.json_output)
    if options.json_output_file:
        console.also(_open(options.json_output_file))
    if config.host.logging.file_logging_mode == "always":
        console.into(_log_files())

    async def main() -> int:
        host = Host(options, config, launch, listeners, console, levels, debugger)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, host.interrupt)
        return await host.run(template_pid, control)

    try:
        return asyncio.run(main())
    finally:
        sys.stdout.flush()


def _log_files() -> LogFiles:
    import tempfile

    from lazulite.telemetry.files import LogFiles

    base = os.path.join(tempfile.gettempdir(), "LogFiles", "Application", "Functions")
    return LogFiles(base, os.urandom(5).hex())


def _open(path: str) -> TextIO:
    try:
        return open(path, "a", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}.",
            hint="--json-output-file takes the path of a file in a folder that is there.",
        ) from error
