"""Log records of user code, with the invocation that they belong to. Standard library only."""

from __future__ import annotations

import logging

from lazulite.worker.call import running_invocation
from lazulite.worker.channel import LogChannel

_SYSTEM = ("azure_functions_worker", "azure.functions", "_granian", "granian")
_LEVELS = (
    (logging.CRITICAL, "Critical"),
    (logging.ERROR, "Error"),
    (logging.WARNING, "Warning"),
    (logging.INFO, "Information"),
    (logging.DEBUG, "Debug"),
)
_TRUE = ("1", "true", "t", "yes", "y")


class UserLogHandler(logging.Handler):
    """The handler of the root logger: sends every record.

    owner: (function, invocation id) of what runs outside any known invocation.
    """

    def __init__(self, channel: LogChannel, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self.owner = ("", "")
        self._channel = channel

    def handle(self, record: logging.LogRecord) -> bool:
        """`emit` without the lock: one datagram is one step."""
        kept = self.filter(record)
        if isinstance(kept, logging.LogRecord):
            record = kept
        if kept:
            self.emit(record)
        return bool(kept)

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record; never raises into the code that logs."""
        try:
            message = self.format(record)
        except Exception as error:
            # a wrong format string is the user's to see, with the record it would have been
            message = f"{_shown(record.msg)} {_shown(record.args)} (cannot be formatted: {error!r})"
        function, invocation = running_invocation()
        if not invocation:
            function, invocation = self.owner
        name = str(record.name)
        self._channel.send(
            {
                "k": "log",
                "t": record.created,
                "l": level_name(record.levelno),
                "n": name,
                "m": message,
                "f": function,
                "i": invocation,
                "u": not name.startswith(_SYSTEM),
            }
        )


def _shown(value: object) -> str:
    try:
        return repr(value)
    except Exception:
        return f"<{type(value).__name__}>"


def level_name(number: int) -> str:
    """The original's name of a Python log level."""
    for threshold, name in _LEVELS:
        if number >= threshold:
            return name
    return "Trace"


def root_level(debug: str | None, wanted: int) -> int:
    """The root logger's level, as the original sets it: INFO, or DEBUG where
    PYTHON_ENABLE_DEBUG_LOGGING is true; lower when someone wants what is below."""
    if (debug or "").strip().lower() not in _TRUE:
        return logging.INFO
    return max(1, min(logging.DEBUG, wanted))


def install(channel: LogChannel, wanted: int, debug: str | None) -> UserLogHandler:
    """Attach the root logger to the channel; records below `wanted` are not sent."""
    handler = UserLogHandler(channel, wanted)
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(root_level(debug, wanted))
    return handler
