"""From a changed file to new workers: what is read anew, what is refused, who is told."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence

from lazulite.errors import LazuliteError
from lazulite.host.index import Index
from lazulite.host.journal import Journal
from lazulite.host.watch import OFFLINE_FILE, Change, Rules, Scope, Watcher, describe
from lazulite.host.watch import forget_bytecode as forget

CATEGORY = "Host.Startup"
QUIET_INSTALL = 1.0  # seconds without a change that tell that an installation has ended

Reload = Callable[[bool], Awaitable[None]]


class Refused(LazuliteError):
    """What was loaded is worse than what runs."""


class Reloader:
    """Watches the app's folder. `request` asks for a reload without a change.

    rules: of the app as it is now; reload(packages): takes over what is on disk, or raises
    LazuliteError; offline(body): the app goes away, or with None comes back.
    """

    def __init__(
        self,
        root: str,
        rules: Callable[[], Rules],
        journal: Journal,
        reload: Reload,
        offline: Callable[[bytes], Awaitable[None]],
    ) -> None:
        self._root = root
        self._rules = rules
        self._journal = journal
        self._reload = reload
        self._offline = offline
        self._began = time.time()
        self._wanted: asyncio.Queue[list[Change]] = asyncio.Queue()

    def request(self) -> None:
        """Reload soon."""
        self._wanted.put_nowait([])

    async def run(self, offline: bool = False) -> None:
        """Watch and reload until cancelled. offline: whether app_offline.htm was seen."""
        seen = [os.path.join(self._root, OFFLINE_FILE)] if offline else []
        watcher = Watcher(
            self._rules(), self._began, seen, self._wanted.put_nowait, self._cannot_watch
        )
        try:
            while True:
                await self._handle(await self._wanted.get())
        finally:
            watcher.stop()

    def _cannot_watch(self, error: Exception) -> None:
        self._journal.host(
            "Warning", CATEGORY, f"Changes of files are not noticed: {error}. Restart by hand."
        )

    async def _handle(self, found: Sequence[Change]) -> None:
        rules = self._rules()
        scope = Scope.NOTHING if found else Scope.APP
        for change in found:
            scope = max(scope, rules.scope(change), key=lambda s: s.value)
        if scope is Scope.NOTHING:
            return
        forget(found)
        reason = next((c for c in found if rules.scope(c) is not Scope.NOTHING), None)
        if reason is not None:
            self._journal.host("Information", CATEGORY, describe(reason))
        if scope is Scope.PACKAGES:
            forget(await self._until_quiet())
        body = offline_body(self._root)
        if body is not None:
            await self._offline(body)
            return
        await self._take_over(scope is Scope.PACKAGES)

    async def _until_quiet(self) -> list[Change]:
        """Wait for the end of an installation; what else changed meanwhile."""
        more: list[Change] = []
        while True:
            try:
                more += await asyncio.wait_for(self._wanted.get(), QUIET_INSTALL)
            except asyncio.TimeoutError:
                return more

    async def _take_over(self, packages: bool) -> None:
        began = time.perf_counter()
        try:
            await self._reload(packages)
        except LazuliteError as error:
            self._journal.host(
                "Error", CATEGORY, f"{error}\nThe app goes on as it was before this change."
            )
        else:
            milliseconds = round((time.perf_counter() - began) * 1000)
            self._journal.host("Information", CATEGORY, f"App reloaded ({milliseconds}ms)")


def offline_body(root: str) -> bytes | None:
    """The content of app_offline.htm, None where there is none."""
    try:
        with open(os.path.join(root, OFFLINE_FILE), "rb") as file:
            return file.read()
    except OSError:
        return None


def set_offline(root: str, wanted: bool) -> bool:
    """Make or remove app_offline.htm, as the original does; False when that changes nothing.

    Raises OSError.
    """
    path = os.path.join(root, OFFLINE_FILE)
    if os.path.exists(path) == wanted:
        return False
    if wanted:
        with open(path, "w", encoding="utf-8") as file:
            file.write("<html><body><h1>The app is offline.</h1></body></html>\n")
    else:
        os.unlink(path)
    return True


def check_not_worse(old: Index, new: Index) -> None:
    """Raises Refused when functions that worked do not any more, saying which and where."""
    if new.problem and not old.problem:
        raise Refused(_with_stack(f"Worker failed to index functions\n{new.problem}", new, ""))
    broken = [
        spec
        for spec in new.functions.values()
        if spec.error and spec.name in old.functions and not old.functions[spec.name].error
    ]
    if broken:
        raise Refused(
            "\n".join(
                _with_stack(f"The '{s.name}' function is in error: {s.error}", new, s.name)
                for s in broken
            )
        )


def _with_stack(text: str, index: Index, name: str) -> str:
    stack = (index.stacks or {}).get(name, "") if name else index.problem_stack
    return f"{text}\n{stack.rstrip()}" if stack else text
