"""From what workers tell to log records: invocation lines, user logs, printed lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from lazulite.telemetry.console import Console

# the original's guess at what a line on stderr means
_WARNING = re.compile(r"warn", re.I)
_ERROR = re.compile(r"error|fail|severe|unhandled exception", re.I)


class Journal:
    """The sink of a LogStream.

    observers see every ended invocation: (function, ok, seconds, count).
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._begun: dict[tuple[int, str, str], str] = {}
        self.observers: list[Callable[[str, bool, float, int], None]] = []

    def take(self, message: Mapping[str, Any]) -> None:
        """One message of a worker."""
        kind = message["k"]
        if kind == "log":
            self._log(message)
        elif kind == "line":
            self._line(message)
        elif kind == "gone":
            self._gone(message)
        elif kind == "start":
            self._start(message)
        elif kind == "end":
            self._end(message)
        elif kind == "sum":
            self._sum(message)
        elif kind == "host":
            self.host(message["l"], message["c"], message["m"])

    def host(self, level: str, category: str, text: str) -> None:
        """A record of the host's own."""
        self._console.record(level, category, text)

    def _log(self, m: Mapping[str, Any]) -> None:
        function = m["f"]
        if not m["u"]:
            category = f"Worker.{m['n']}"
        elif function:
            category = f"Function.{function}.User"
        else:
            category = "Function.User"
        self._console.record(
            m["l"],
            category,
            m["m"],
            time=m["t"],
            logger=m["n"],
            function=function,
            invocationId=m["i"],
        )

    def _line(self, m: Mapping[str, Any]) -> None:
        """What user code printed: whole lines, or with `more` the begin of one."""
        key = (m["pid"], m["stream"], m.get("i", ""))
        text = self._begun.pop(key, "") + m["m"]
        if "\r" in text:  # what a progress bar writes over
            text = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\n")
        if m.get("more"):
            text, _, rest = text.rpartition("\n")
            self._begun[key] = rest
            if not text:
                return
        for line in text.split("\n"):
            self._console.record(
                _level_of(line, m["stream"]),
                "Host.Function.Console",
                line,
                time=m.get("t"),
                stream=m["stream"],
                function=m.get("f"),
                invocationId=m.get("i"),
            )

    def _gone(self, m: Mapping[str, Any]) -> None:
        """A worker has ended: so have the lines that it began."""
        for key in [key for key in self._begun if key[0] == m["pid"]]:
            pid, stream, invocation = key
            text = self._begun.pop(key)
            if text:
                self._line({"m": text, "stream": stream, "pid": pid, "i": invocation})

    def _start(self, m: Mapping[str, Any]) -> None:
        name, id = m["f"], m["i"]
        self._console.record(
            "Information",
            f"Function.{name}",
            f"Executing 'Functions.{name}' (Reason='{m['r']}', Id={id})",
            time=m["t"],
            function=name,
            invocationId=id,
        )
        if m["d"]:
            details = ", ".join(f"{key}: {value}" for key, value in m["d"].items())
            self._console.record(
                "Information", f"Function.{name}", f"Trigger Details: {details}", time=m["t"]
            )

    def _end(self, m: Mapping[str, Any]) -> None:
        name, id = m["f"], m["i"]
        milliseconds = round(m["s"] * 1000)
        word = "Succeeded" if m["ok"] else "Failed"
        text = f"Executed 'Functions.{name}' ({word}, Id={id}, Duration={milliseconds}ms)"
        if not m["ok"]:
            text += f"\nException while executing function: Functions.{name}. {m['e']}"
            if m["x"]:
                text += "\n" + m["x"].rstrip("\n")
        self._console.record(
            "Information" if m["ok"] else "Error",
            f"Function.{name}",
            text,
            time=m["t"],
            function=name,
            invocationId=id,
            durationMs=milliseconds,
        )
        for observe in self.observers:
            observe(name, m["ok"], m["s"], 1)

    def _sum(self, m: Mapping[str, Any]) -> None:
        for name, (count, seconds, slowest) in m["n"].items():
            self._console.record(
                "Information",
                f"Function.{name}",
                f"Executed 'Functions.{name}' {count:,} more times in the last second "
                f"(Succeeded, Duration={1000 * seconds / count:.2f}ms on average, "
                f"{1000 * slowest:.0f}ms at most)",
                time=m["t"],
                function=name,
                count=count,
            )
            for observe in self.observers:
                observe(name, True, seconds / count, count)


def _level_of(line: str, stream: str) -> str:
    if stream == "stderr":
        if _WARNING.search(line):
            return "Warning"
        if _ERROR.search(line):
            return "Error"
    return "Information"
