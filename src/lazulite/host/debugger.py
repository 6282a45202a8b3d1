"""`func start --debug`: the process that debuggers attach to, seen from the host. It outlives
workers and templates, so that who attached once stays attached whatever is reloaded."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Mapping
from typing import Any

from lazulite.errors import UsageError, WorkerError
from lazulite.host.launch import Launch
from lazulite.host.listening import PublicSockets, bind
from lazulite.host.options import StartOptions
from lazulite.host.relay import Relay
from lazulite.host.spawning import PACKAGE

PORT = 9091  # what Azure's tools for Visual Studio Code attach to


class Debugger:
    """The running process. port: where clients attach; message: what workers need to take part.

    `serve` and `follow` on the event loop; `stop` at the end.
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        said: Mapping[str, Any],
        sockets: PublicSockets,
        place: str,
    ) -> None:
        self.port = sockets.port
        self.message = {**{key: said[key] for key in ("pid", "adapter", "token")}, "place": place}
        self._process = process
        self._sockets = sockets
        self._relay = Relay(sockets.listening, ("127.0.0.1", said["port"]))

    async def serve(self) -> None:
        """Let clients attach, until cancelled."""
        await self._relay.run()

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
        """End it; the debug adapter ends with the last of its connections."""
        self._sockets.close()
        _end(self._process)


def start_debugger(launch: Launch, options: StartOptions, place: str = "") -> Debugger:
    """Start it; returns when debuggers can attach.

    launch: how the app's interpreter is started; place: the folder that has debugpy, '' where the
    interpreter finds it. Raises UsageError when the port is taken, WorkerError when the app's
    environment has no debugpy that fits.
    """
    sockets = _bind(PORT if options.debug_port is None else options.debug_port)
    script = os.path.join(PACKAGE, "worker", "debugserver.py")
    wait = "1" if options.debug_wait else "0"
    process = subprocess.Popen(
        [launch.python, script, wait, place, *launch.search],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=launch.environ,
        start_new_session=True,  # Ctrl-C is the host's to act on
    )
    assert process.stdout is not None
    try:
        said = json.loads(process.stdout.readline() or b"{}")
        if "pid" in said:
            return Debugger(process, said, sockets, place)
    except BaseException:
        _end(process)
        raise
    _end(process)
    sockets.close()
    hint = None
    if said.get("missing"):
        hint = f"Install it there: {launch.python} -m pip install --upgrade debugpy"
    error = said.get("error", "The process that debuggers attach to ended before it was ready")
    raise WorkerError(f"{error}.", hint=hint)


def _bind(port: int) -> PublicSockets:
    try:
        return bind("localhost", port)
    except UsageError as error:
        raise UsageError(
            f"Port {port}, for debuggers, is unavailable.",
            hint="End the process that uses it, or choose another port with --debug-port.",
        ) from error


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(1)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
