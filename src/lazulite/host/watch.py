"""Which changes of the app's files ask for a reload, and the watching itself.

The rules are the original's: any `.py` file; `host.json`, `function.json`, `proxies.json` and the
names in `watchFiles`; whatever is below `watchDirectories`; a folder that comes or goes at the
root; `app_offline.htm`. `local.settings.json` and what tells of installed packages are ours.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

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


def describe(change: Change) -> str:
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


class Watcher:
    """Watches on a thread of its own. since: what was changed after this instant (time.time()) but
    before the watching began is told, too; seen: files that were there then, whose removal is told;
    found: called on the event loop with changes, which are gathered while they come thick and fast;
    failed: called there when watching is impossible."""

    def __init__(
        self,
        rules: Rules,
        since: float,
        seen: Sequence[str],
        found: Callable[[list[Change]], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._rules = rules
        self._since = since
        self._seen = seen
        self._found = found
        self._failed = failed
        self._loop = asyncio.get_running_loop()
        self._stop = threading.Event()
        threading.Thread(target=self._run, name="lazulite-watcher", daemon=True).start()

    def stop(self) -> None:
        """End soon."""
        self._stop.set()

    def _run(self) -> None:
        try:
            self._watch()
        except Exception as error:  # no such folder any more, too many files
            self._tell(self._failed, error)

    def _watch(self) -> None:
        from watchfiles import Change as Kind
        from watchfiles._rust_notify import RustNotify

        kinds = {Kind.added: "Created", Kind.modified: "Changed", Kind.deleted: "Deleted"}
        root = self._rules.root
        notify = RustNotify([root], False, False, 300, True, True)
        missed = list(changed_since(self._rules, self._since))
        missed += [Change(path, "Deleted") for path in self._seen if not os.path.exists(path)]
        if missed:
            self._tell(self._found, missed)
        while not self._stop.is_set():
            seen = notify.watch(LONGEST, SETTLE, 1000, self._stop)
            if isinstance(seen, set):
                ordered = sorted(seen, key=lambda change: change[1])
                self._tell(self._found, [Change(path, kinds[Kind(k)]) for k, path in ordered])

    def _tell(self, what: Callable[[Any], None], value: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(what, value)
        except RuntimeError:  # the host has ended
            self._stop.set()


def changed_since(rules: Rules, instant: float) -> Iterator[Change]:
    """The files that matter and were written after `instant`."""
    for folder, names, files in os.walk(rules.root):
        names[:] = [n for n in names if n not in _IGNORED and n not in _PACKAGES and n != "lib"]
        for name in files:
            change = Change(os.path.join(folder, name), "Changed")
            if rules.scope(change) is Scope.NOTHING:
                continue
            try:
                if os.stat(change.path).st_mtime > instant:
                    yield change
            except OSError:
                continue
