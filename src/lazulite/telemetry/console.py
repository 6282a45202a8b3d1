"""What `func start` shows: the original's lines, in colour on a terminal, plain elsewhere, or one
JSON object a line."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, TextIO

from lazulite.config.loglevels import LEVELS, LogLevels

if TYPE_CHECKING:
    from lazulite.telemetry.files import LogFiles

_COLOURS = {"Error": "31", "Critical": "31", "Warning": "33", "Information": "36", "Debug": "32"}
_SYSTEM = ("host.", "worker.", "microsoft.azure.webjobs.")
_ALWAYS = (
    "Worker process started and initialized.",
    "App reloaded",
    "The app is offline",
    "File change of type",
    "Host lock lease acquired by instance ID",
    "The embedded store serves storage",
    "A debugger can attach",
)
USER_DEFAULT = LEVELS["Information"]
SYSTEM_DEFAULT = LEVELS["Warning"]


class Filter:
    """Which records are shown: host.json's levels over the defaults of the local tools.

    User categories (`Function.*`, what functions print, unknown ones) show from Information, the
    host's and worker's own from Warning, or with `verbose` from Information.
    """

    def __init__(self, levels: LogLevels, verbose: bool = False) -> None:
        self._levels = levels
        self._system = LEVELS["Information"] if verbose else SYSTEM_DEFAULT

    def threshold(self, category: str) -> int:
        """The number of the least severe level that is shown."""
        lower = category.lower()
        system = lower.startswith(_SYSTEM) and lower != "host.function.console"
        found = self._levels.find(category)
        if found is not None:
            return found
        return self._system if system else USER_DEFAULT

    @property
    def least_severe(self) -> int:
        """The least severe level of user code that is shown for any function or logger."""
        by_prefix = self._levels.by_prefix
        some = [level for prefix, level in by_prefix.items() if prefix.startswith("function")]
        least = min([*some, self.threshold("Function.x.User"), self.threshold("Function.User")])
        return 1 if least <= LEVELS["Trace"] else least  # Trace is all that is below DEBUG

    def shows(self, level: str, category: str, message: str) -> bool:
        """Whether a record is shown."""
        return LEVELS.get(level, 20) >= self.threshold(category) or message.startswith(_ALWAYS)


class Console:
    """Writes records to a text stream. Never raises for a stream whose reader went away."""

    def __init__(self, out: TextIO, filter: Filter, colour: bool, as_json: bool = False) -> None:
        self._out = out
        self._filter = filter
        self._colour = colour
        self._json = as_json
        self._copy: TextIO | None = None
        self._files: LogFiles | None = None

    def also(self, file: TextIO) -> None:
        """Write JSON lines to `file` too."""
        self._copy = file

    def into(self, files: LogFiles) -> None:
        """Write log files too."""
        self._files = files

    def text(self, text: str, colour: str = "") -> None:
        """A line without time stamp, for people: not shown where JSON is asked for."""
        if not self._json:
            self._write(f"\x1b[{colour}m{text}\x1b[0m" if colour and self._colour else text)

    def record(
        self,
        level: str,
        category: str,
        message: str,
        *,
        time: float | None = None,
        **members: Any,
    ) -> None:
        """A log record: level by the original's name, time in seconds since the epoch."""
        if not self._filter.shows(level, category, message):
            return
        instant = datetime.now(timezone.utc) if time is None else _instant(time)
        stamp = instant.strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z"
        if self._files is not None:
            self._write_files(self._files, instant, level, category, message, members)
        if self._json or self._copy is not None:
            line = _json_line(stamp, level, category, message, members)
            self._write_copy(line)
            if self._json:
                self._write(line)
                return
        colour = _COLOURS.get(level, "") if self._colour else ""
        lines = [f"[{stamp}] {line}" for line in message.split("\n")]
        if colour:
            lines = [f"\x1b[{colour}m{line}\x1b[0m" for line in lines]
        self._write("\n".join(lines))

    def _write_files(self, files: LogFiles, *record: Any) -> None:
        try:
            files.record(*record)
        except OSError as error:
            self._files = None
            self.record("Error", "Host.Logging", f"The log files cannot be written: {error}")

    def _write_copy(self, line: str) -> None:
        if self._copy is None:
            return
        try:
            self._copy.write(line + "\n")
            self._copy.flush()
        except (OSError, ValueError) as error:
            self._copy = None  # a full disk ends the copy, not the app
            self.record("Error", "Host.Logging", f"The log file cannot be written: {error}")

    def _write(self, text: str) -> None:
        try:
            self._out.write(text + "\n")
            self._out.flush()
        except (OSError, ValueError):
            pass


def _instant(time: float) -> datetime:
    return datetime.fromtimestamp(time, timezone.utc)


def _json_line(
    stamp: str, level: str, category: str, message: str, members: Mapping[str, Any]
) -> str:
    record = {"time": stamp, "level": level, "category": category, "message": message}
    record.update({name: value for name, value in members.items() if value not in (None, "")})
    return json.dumps(record, ensure_ascii=False)


def wants_colour(out: TextIO, environ: Mapping[str, str]) -> bool:
    """Colour on a terminal; NO_COLOR turns it off, FORCE_COLOR on."""
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return out.isatty()


def safe_stdout() -> TextIO:
    """stdout that can write any text."""
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    return sys.stdout
