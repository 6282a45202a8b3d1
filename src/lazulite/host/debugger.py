"""`func start --debug`: the process that debuggers attach to, seen from the host. It outlives
workers and templates, so that who attached once stays attached whatever is reloaded."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import time
from collections.abc import Mapping
from typing import Any

from lazulite.errors import UsageError, WorkerError
from lazulite.host.launch import Launch
from lazulite.host.options import StartOptions
from lazulite.host.spawning import PACKAGE

PORT = 9091  # what Azure's tools for Visual Studio Code attach to
PATIENCE = 3.0  # seconds for the last session to leave the port


class Debugger:
    """The running process. message: what workers need to take part.

    `follow` it on the event loop; `stop` it at the end.
    """

    def __init__(self, process: subprocess.Popen[bytes], said: Mapping[str, Any], place: str):
        self.pid: int = said["pid"]
        self.port: int = said["port"]
        self.message = {**{key: said[key] for key in ("pid", "adapter", "token")}, "place": place}
        self._process = process

    async def follow(self, attached: asyncio.Event) -> int:
        """Set the event when a client has attached, which is told when it was asked for.
        Returns when the process has ended: its exit code, a negative one being the signal."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await loop.connect_read_pipe(lambda: protocol, self._process.stdout)
        try:
            while line := await reader.readline():
                if "attached" in json.loads(line):
                    attached.set()
            while (code := self._process.poll()) is None:
                await asyncio.sleep(0.01)
            return code
        finally:
            transport.close()

    def stop(self) -> None:
        """End it; the debug adapter ends when nobody is connected to it any more."""
        _end(self._process)


def start_debugger(launch: Launch, options: StartOptions, place: str = "") -> Debugger:
    """Start it; returns when debuggers can attach.

    launch: how the app's interpreter is started; place: the folder that has debugpy, '' where the
    interpreter finds it. Raises UsageError when the port is taken, WorkerError when the app's
    environment has no debugpy that fits.
    """
    port = PORT if options.debug_port is None else options.debug_port
    _wait_for_port(port)
    script = os.path.join(PACKAGE, "worker", "debugserver.py")
    wait = "1" if options.debug_wait else "0"
    process = subprocess.Popen(
        [launch.python, script, str(port), wait, place, *launch.search],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=launch.environ,
        start_new_session=True,  # Ctrl-C is the host's to act on
    )
    assert process.stdout is not None
    try:
        said = json.loads(process.stdout.readline() or b"{}")
        if "pid" in said:
            return Debugger(process, said, place)
    except BaseException:
        _end(process)
        raise
    _end(process)
    hint = None
    if said.get("missing"):
        hint = f"Install it there: {launch.python} -m pip install --upgrade debugpy"
    error = said.get("error", "The process that debuggers attach to ended before it was ready")
    raise WorkerError(f"{error}.", hint=hint)


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(1)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_for_port(port: int) -> None:
    """Return when the port is free: a session that was just ended leaves it in a moment."""
    end = time.monotonic() + PATIENCE
    while True:
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind(("127.0.0.1", port))
                return
            except OSError as error:
                if time.monotonic() > end:
                    raise UsageError(
                        f"Debuggers cannot attach on port {port}: {error.strerror}.",
                        hint="End the process that uses it, or choose another with --debug-port.",
                    ) from error
        time.sleep(0.05)
