"""What happened in an app: its log and its invocations, for assertions and failure reports."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from lazulite.errors import InvocationError


@dataclass(frozen=True)
class LogRecord:
    """One record. level: the original's word (Information, Warning ...); logger: Python's name
    for records of user code; function and invocation_id: '' outside an invocation."""

    time: datetime
    level: str
    category: str
    message: str
    logger: str = ""
    function: str = ""
    invocation_id: str = ""

    def __str__(self) -> str:
        return f"[{self.level}] {self.message}"


@dataclass
class Invocation:
    """One attempt to run a function.

    outputs: by binding name as they were written: str, bytes, a parsed JSON value, or a list;
    returned: what the function returned, as it did; error: what it raised, or an InvocationError
    when a binding failed; attempt: 0 for the first, above for those of a retry policy; ended:
    False while it runs; duration: seconds.
    """

    function: str
    id: str
    reason: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    attempt: int = 0
    outputs: dict[str, Any] = field(default_factory=dict)
    returned: Any = None
    error: BaseException | None = None
    ended: bool = False
    duration: float = 0.0
    logs: list[LogRecord] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether it ended without an error."""
        return self.ended and self.error is None

    @property
    def messages(self) -> list[str]:
        """What it logged, without the host's own lines."""
        return [record.message for record in self.logs]

    def __str__(self) -> str:
        state = "running" if not self.ended else "failed" if self.error else "succeeded"
        attempt = f", attempt {self.attempt + 1}" if self.attempt else ""
        lines = [f"{self.function} ({state}{attempt}, {self.duration * 1000:.1f} ms) {self.reason}"]
        lines += [f"    {record}" for record in self.logs]
        if self.error is not None:
            lines.append(f"    {type(self.error).__name__}: {self.error}")
        return "\n".join(line.rstrip() for line in lines)


class Failure(InvocationError):
    """An invocation that failed without an exception of the user's code: a binding, a time limit.
    `stack` has the traceback where there is one."""


class Records:
    """Takes what the worker side tells (the messages of worker.logs) and what the host logs.

    ended: called, on any thread, when something may have come to its end.
    """

    def __init__(self) -> None:
        self.logs: list[LogRecord] = []
        self.invocations: list[Invocation] = []
        self.ended: Callable[[], None] = lambda: None
        self._open: dict[str, Invocation] = {}
        self._latest: dict[str, Invocation] = {}
        self._attempts: dict[str, int] = {}

    def send(self, message: Mapping[str, Any]) -> None:
        """A message of the worker: `log`, `start`, `end`."""
        kind = message["k"]
        if kind == "log":
            self._log(message)
        elif kind == "start":
            id = message["i"]
            attempt = self._attempts[id] = self._attempts.get(id, -1) + 1
            record = Invocation(message["f"], id, message["r"], dict(message["d"]), attempt=attempt)
            self._open[id] = self._latest[id] = record
            self.invocations.append(record)
        elif kind == "end":
            self._end(message)

    def _end(self, message: Mapping[str, Any]) -> None:
        record = self._open.pop(message["i"], None)
        if record is None:
            record = Invocation(message["f"], message["i"])
            self.invocations.append(record)
        record.duration = message["s"]
        if not message["ok"] and record.error is None:
            record.error = Failure(message["e"], stack=message.get("x", ""))
        record.ended = True
        self.ended()

    def _log(self, message: Mapping[str, Any]) -> None:
        function, id = message["f"], message["i"]
        user = message["u"]
        category = f"Function.{function}.User" if function else "Function.User"
        record = LogRecord(
            datetime.fromtimestamp(message["t"], timezone.utc),
            message["l"],
            category if user else f"Worker.{message['n']}",
            message["m"],
            message["n"],
            function,
            id,
        )
        self.logs.append(record)
        invocation = self._latest.get(id)
        if invocation is not None:  # it may have ended: a task that it left behind says something
            invocation.logs.append(record)

    def of(self, id: str) -> Invocation | None:
        """The running invocation of this id."""
        return self._open.get(id)

    def last(self, id: str) -> Invocation | None:
        """The latest attempt of an invocation."""
        return next((i for i in reversed(self.invocations) if i.id == id), None)

    # as the Console of the host's journal

    def text(self, text: str, colour: str = "") -> None:
        """Lines for people, which tests do not need."""

    def record(
        self, level: str, category: str, message: str, *, time: float | None = None, **members: Any
    ) -> None:
        """A record of the host's own."""
        instant = (
            datetime.now(timezone.utc)
            if time is None
            else datetime.fromtimestamp(time, timezone.utc)
        )
        function = str(members.get("function", ""))
        id = str(members.get("invocationId", ""))
        self.logs.append(LogRecord(instant, level, category, message, "", function, id))


def plain(type: str, value: Any) -> Any:
    """An output's value as a test reads it: JSON parsed, text and bytes as they are."""
    if type == "json":
        return json.loads(value)
    if type == "file":
        with open(value, "rb") as file:
            return file.read()
    return value


def report(invocations: Iterable[Invocation]) -> str:
    """Invocations with their logs, for people."""
    return "\n".join(str(invocation) for invocation in invocations)
