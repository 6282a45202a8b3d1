"""From the JSON lines of `func start --json-output` to records."""

from __future__ import annotations

import json
import threading
import time
from datetime import datetime, timezone
from typing import IO, Any

from lazulite.testing.records import Failure, Invocation, LogRecord, Records

KEPT = 2000
_DETAILS = "Trigger Details: "


class JsonLog:
    """Reads a process's output, on a thread of its own, into `records`.

    lines: how many there were so far.
    """

    def __init__(self, records: Records) -> None:
        self.lines = 0
        self._records = records
        self._raw: list[str] = []
        self._changed = threading.Condition()
        self._ended = False
        self._by_id: dict[str, Invocation] = {}

    def read(self, stream: IO[bytes]) -> None:
        """Read until the stream ends."""
        with stream:
            for line in stream:
                with self._changed:
                    self._take(line.decode("utf-8", "replace").rstrip("\n"))
                    self.lines += 1
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def text(self) -> str:
        """The last lines, for messages."""
        return "\n".join(self._raw[-50:])

    def wait_for(self, wanted: str, seconds: float) -> bool:
        """Wait until a line has this text; False when the process ends first, or time."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while not any(wanted in line for line in self._raw):
                left = deadline - time.monotonic()
                if self._ended or left <= 0:
                    return False
                self._changed.wait(left)
        return True

    def _take(self, text: str) -> None:
        self._raw.append(text)
        del self._raw[:-KEPT]
        try:
            raw = json.loads(text)
        except ValueError:
            raw = None
        if not isinstance(raw, dict) or "message" not in raw:
            raw = {"message": text}
        record = _record(raw)
        self._records.logs.append(record)
        if record.invocation_id:
            self._follow(record, raw)
        elif record.message.startswith(_DETAILS):
            self._detail(record)

    def _follow(self, record: LogRecord, raw: dict[str, Any]) -> None:
        id, message = record.invocation_id, record.message
        known = self._by_id.get(id)
        if known is None or message.startswith("Executing 'Functions."):
            if known is not None and not known.ended:
                return
            attempt = known.attempt + 1 if known is not None else 0
            known = Invocation(record.function, id, _reason(message), attempt=attempt)
            self._by_id[id] = known
            self._records.invocations.append(known)
        elif message.startswith("Executed 'Functions."):
            if " (Failed, " in message and known.error is None:
                told, _, stack = message.partition("\n")[2].partition("\n")
                known.error = Failure(told or message, stack=stack)
            known.duration = float(raw.get("durationMs", 0)) / 1000
            known.ended = True
        elif record.category.endswith(".User"):
            known.logs.append(record)

    def _detail(self, record: LogRecord) -> None:
        """The details come in the line after the one that an invocation starts with."""
        for known in reversed(self._records.invocations):
            if record.category == f"Function.{known.function}":
                pairs = record.message.removeprefix(_DETAILS).split(", ")
                known.details = dict(pair.split(": ", 1) for pair in pairs if ": " in pair)
                return


def _record(raw: dict[str, Any]) -> LogRecord:
    return LogRecord(
        _time(raw.get("time")),
        str(raw.get("level", "Information")),
        str(raw.get("category", "")),
        str(raw["message"]),
        str(raw.get("logger", "")),
        str(raw.get("function", "")),
        str(raw.get("invocationId", "")),
    )


def _time(text: Any) -> datetime:
    try:
        return datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        return datetime.now(timezone.utc)


def _reason(message: str) -> str:
    _, found, rest = message.partition("(Reason='")
    return rest.partition("', Id=")[0] if found else ""
