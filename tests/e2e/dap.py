"""A debugger for tests: speaks the Debug Adapter Protocol as an editor does.

with Debugger(port, {file: [12]}) as debugger:
    stop = debugger.stopped()  # a breakpoint was reached, in whichever process
    assert stop.line == 12
    stop.go_on()
"""

from __future__ import annotations

import itertools
import json
import queue
import socket
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

PATIENCE = 30.0  # seconds that only a failing test waits


class Debugger:
    """Attaches to a port and, as an editor does, to each further process that it is told of.

    breakpoints: the lines to stop at, by file. follow: whether it attaches to those processes.
    """

    def __init__(
        self, port: int, breakpoints: Mapping[Path, Sequence[int]], *, follow: bool = True
    ) -> None:
        self.breakpoints = dict(breakpoints)
        self.ports: set[int] = set()
        self._follow = follow
        self._stops: queue.SimpleQueue[Stop] = queue.SimpleQueue()
        self._attached: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._sessions: list[Session] = []
        self._open({"name": "root", "connect": {"host": "127.0.0.1", "port": port}})

    def __enter__(self) -> Debugger:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave all processes as they are, without detaching in form."""
        for session in self._sessions:
            session.close()

    def detach(self) -> None:
        """Leave the processes, which go on."""
        for session in reversed(self._sessions):
            session.detach()
            session.close()

    def terminate(self) -> None:
        """End the process that was attached to first."""
        self._sessions[0].ask("terminate")

    def stopped(self) -> Stop:
        """The next stop at a breakpoint."""
        return self._stops.get(timeout=PATIENCE)

    def attached(self) -> int:
        """The next process that was attached to and configured: its id."""
        return self._attached.get(timeout=PATIENCE)

    def _open(self, configuration: Mapping[str, Any]) -> None:
        self.ports.add(configuration["connect"]["port"])
        session = Session(configuration, self._event)
        self._sessions.append(session)
        session.start(self.breakpoints)
        if "subProcessId" in configuration:
            self._attached.put(configuration["subProcessId"])

    def _event(self, session: Session, name: str, body: Mapping[str, Any]) -> None:
        if name == "stopped":
            self._stops.put(session.stop(body["threadId"]))
        elif name == "debugpyAttach" and self._follow:
            self._open(body)


class Session:
    """One process that is debugged. `event(session, name, body)` is called on its own thread."""

    def __init__(self, configuration: Mapping[str, Any], event: Any) -> None:
        place = configuration["connect"]
        self._configuration = configuration
        self._sock = socket.create_connection((place["host"], place["port"]), timeout=PATIENCE)
        self._sock.settimeout(None)
        self._file = self._sock.makefile("rb")
        self._event = event
        self._events: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._numbers = itertools.count(1)
        self._answers: dict[int, queue.SimpleQueue[Any]] = {}
        self._ready = threading.Event()
        self._lock = threading.Lock()
        for work in (self._read, self._tell):
            threading.Thread(target=work, daemon=True).start()

    def start(self, breakpoints: Mapping[Path, Sequence[int]]) -> None:
        """Attach, set the breakpoints, let it go on."""
        self.ask("initialize", clientID="test", adapterID="debugpy", pathFormat="path")
        given = {"type": "debugpy", "request": "attach", "justMyCode": True}
        attached = self._send("attach", {**given, **self._configuration})
        assert self._ready.wait(PATIENCE), "the debugger is not let in"
        for path, lines in breakpoints.items():
            body = self.ask(
                "setBreakpoints",
                source={"path": str(path)},
                breakpoints=[{"line": line} for line in lines],
            )
            assert [b["verified"] for b in body["breakpoints"]] == [True] * len(lines)
        self.ask("configurationDone")
        self._answer(attached)

    def stop(self, thread: int) -> Stop:
        """Where a thread stands."""
        frame = self.ask("stackTrace", threadId=thread, levels=1)["stackFrames"][0]
        return Stop(self, thread, frame["id"], Path(frame["source"]["path"]), frame["line"])

    def detach(self) -> None:
        """Let the process go on without a debugger."""
        try:
            self.ask("disconnect", terminateDebuggee=False)
        except (OSError, ConnectionError):
            pass  # it has ended

    def close(self) -> None:
        """Hang up."""
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._sock.close()

    def ask(self, command: str, **arguments: Any) -> Any:
        """The body of the answer to a request."""
        return self._answer(self._send(command, arguments))

    def _send(self, command: str, arguments: Mapping[str, Any]) -> int:
        number = next(self._numbers)
        self._answers[number] = queue.SimpleQueue()
        message = {"seq": number, "type": "request", "command": command, "arguments": arguments}
        data = json.dumps(message).encode()
        with self._lock:
            self._sock.sendall(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        return number

    def _answer(self, number: int) -> Any:
        message = self._answers[number].get(timeout=PATIENCE)
        if message is None:
            raise ConnectionError("the debug adapter has hung up")
        assert message["success"], message
        return message.get("body")

    def _read(self) -> None:
        try:
            while (message := self._message()) is not None:
                if message["type"] == "response":
                    self._answers[message["request_seq"]].put(message)
                elif message["type"] == "event" and message["event"] == "initialized":
                    self._ready.set()
                elif message["type"] == "event":
                    self._events.put((message["event"], message.get("body")))
        except (OSError, ValueError):
            pass  # it was closed
        for waiting in list(self._answers.values()):
            waiting.put(None)

    def _message(self) -> Any:
        length = 0
        while line := self._file.readline():
            if line == b"\r\n":
                return json.loads(self._file.read(length))
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return None

    def _tell(self) -> None:
        while True:
            self._event(self, *self._events.get())


@dataclass(frozen=True)
class Stop:
    """A thread that stands at a breakpoint."""

    session: Session
    thread: int
    frame: int
    file: Path
    line: int

    def value(self, expression: str) -> str:
        """What an expression is there, as `repr`."""
        found = self.session.ask("evaluate", expression=expression, frameId=self.frame)
        text: str = found["result"]
        return text

    def go_on(self) -> None:
        """Let the process run."""
        self.session.ask("continue", threadId=self.thread)
