"""Which changes of the app's files ask for a reload, and the watching itself.

The rules are the original's: any `.py` file; `host.json`, `function.json`, `proxies.json` and the
names in `watchFiles`; whatever is below `watchDirectories`; a folder that comes or goes at the
root; `app_offline.htm`. `local.settings.json` and what tells of installed packages are ours.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

OFFLINE_FILE = "app_offline.htm"
SETTLE = 30  # milliseconds without a further change until one is told
LONGEST = 300  # milliseconds that changes are gathered at most
_IGNORED = frozenset(
    (
        *(".git", ".hg", ".svn", "__pycache__", ".lazulite", ".tox", ".idea", ".vscode"),
        *(".mypy_cache", ".pytest_cache", ".ruff_cache", "__blobstorage__", "__queuestorage__"),
    )
)
_PACKAGES = frozenset((".python_packages", "site-packages"))


class Scope(Enum):
    """What a change makes necessary."""

    NOTHING = 0
    APP = 1  # new workers
    PACKAGES = 2  # a new template process, too


@dataclass(frozen=True)
class Change:
    """path: absolute; kind: `Created`, `Changed` or `Deleted`."""

    path: str
    kind: str


@dataclass(frozen=True)
class Rules:
    """Of one app. files: names; directories: first path segments."""

    root: str
    files: tuple[str, ...]
    directories: tuple[str, ...]

    def scope(self, change: Change) -> Scope:
        """What one change asks for."""
        relative = os.path.relpath(change.path, self.root)
        parts = relative.split(os.sep)
        name = parts[-1]
        if _PACKAGES & set(parts):
            return Scope.PACKAGES if _tells_packages(parts) else Scope.NOTHING
        if parts[0] in self.directories:
            return Scope.APP
        if _IGNORED & set(parts) or parts[0] == "..":
            return Scope.NOTHING
        if len(parts) == 1 and name == "requirements.txt":
            return Scope.PACKAGES
        if name in self.files or name in ("local.settings.json", OFFLINE_FILE):
            return Scope.APP
        if name.endswith(".py"):
            return Scope.APP
        if len(parts) == 1 and change.kind != "Changed" and _is_folder(change):
            return Scope.APP
        return Scope.NOTHING


def _tells_packages(parts: Sequence[str]) -> bool:
    """pip writes RECORD last: it, and not each of thousands of files, tells of a package."""
    return parts[-1] in ("RECORD", "METADATA") or parts[-1].endswith((".pth", ".dist-info"))


def _is_folder(change: Change) -> bool:
    if change.kind == "Created":
        return os.path.isdir(change.path)
    return "." not in os.path.basename(change.path)


def describe(change: Change, root: str) -> str:
    """The original's line on a change."""
    what = "Directory" if os.path.isdir(change.path) else "File"
    return f"{what} change of type '{change.kind}' detected for '{change.path}'"


def forget_bytecode(changes: Iterable[Change]) -> None:
    """Delete what Python compiled from changed modules. It tells a compiled module from a stale one
    by the source's size and its time in whole seconds: too coarse for edits in quick succession."""
    for change in changes:
        folder, name = os.path.split(change.path)
        if not name.endswith(".py"):
            continue
        cache = os.path.join(folder, "__pycache__")
        try:
            compiled = os.listdir(cache)
        except OSError:
            continue
        for entry in compiled:
            if entry.startswith(f"{name[:-3]}.") and entry.endswith(".pyc"):
                try:
                    os.unlink(os.path.join(cache, entry))
                except OSError:
                    pass


async def changes(root: str, stop: asyncio.Event) -> AsyncIterator[list[Change]]:
    """The changes below `root`, gathered while they come thick and fast."""
    from watchfiles import Change as Kind
    from watchfiles import awatch

    kinds = {Kind.added: "Created", Kind.modified: "Changed", Kind.deleted: "Deleted"}
    async for found in awatch(
        root,
        watch_filter=None,
        debounce=LONGEST,
        step=SETTLE,
        stop_event=stop,
        ignore_permission_denied=True,
        rust_timeout=1000,
    ):
        yield [Change(path, kinds[kind]) for kind, path in sorted(found, key=lambda c: c[1])]
