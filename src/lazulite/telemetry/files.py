"""Log files in the original's layout, where host.json's `logging.fileLoggingMode` asks for them.

LOGROOT/Host/2026-01-31T12-00-00Z-1f3a5b7c9d.log
LOGROOT/Function/NAME/2026-01-31T12-00-00Z-1f3a5b7c9d.log
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, TextIO

LARGEST = 5 * 1024 * 1024  # bytes; then a new file is begun
DAY = 24 * 60 * 60
_FUNCTION = re.compile(r"Function\.(?P<name>[^.]+)(?P<user>\.User)?$")


class LogFiles:
    """Writes records below `root`; files that nobody wrote to for a day go when a new one is begun.

    Each record is in the file when `record` returns. Raises OSError.
    """

    def __init__(self, root: str, instance_id: str) -> None:
        self._root = root
        self._suffix = instance_id[:10].lower()
        self._open: dict[str, TextIO] = {}

    def record(
        self, instant: datetime, level: str, category: str, message: str, members: Mapping[str, Any]
    ) -> None:
        """Write a record of a function into its file, one of the host, or of an invocation's begin
        and end, into the host's."""
        stamp = instant.strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}"
        match = _FUNCTION.match(category)
        function = match["name"] if match else members.get("function")
        if function:
            self._write(os.path.join("Function", function), f"{stamp} [{level}] {message}\n")
        if match is None or not match["user"]:
            shown = f"{level},{function}" if function else level
            self._write("Host", f"{stamp} [{shown}] {message}\n")

    def close(self) -> None:
        """Close all files."""
        for file in self._open.values():
            file.close()
        self._open.clear()

    def _write(self, place: str, line: str) -> None:
        file = self._open.get(place)
        if file is None or file.tell() >= LARGEST:
            if file is not None:
                file.close()
            file = self._open[place] = self._begin(os.path.join(self._root, place))
        file.write(line)
        file.flush()

    def _begin(self, folder: str) -> TextIO:
        os.makedirs(folder, exist_ok=True)
        _purge(folder)
        stamp = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H-%M-%SZ")
        path = os.path.join(folder, f"{stamp}-{self._suffix}.log")
        return open(path, "a", encoding="utf-8", errors="backslashreplace")


def _purge(folder: str) -> None:
    oldest = time.time() - DAY
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".log") and entry.stat().st_mtime < oldest:
                os.unlink(entry.path)
