"""A BindingContext over an embedded store, and an executor that notes what it is given."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lazulite.abc import Account, BindingContext, Clock
from lazulite.model import Outcome, TriggerEvent
from lazulite.stores.embedded.account import open_embedded
from tests.clock import FakeClock


@dataclass
class OneAccount:
    """abc.Accounts where every connection is the same."""

    account: Account

    def get(self, connection: str, function: str, binding: str) -> Account:
        return self.account


LOST = "the worker died while it ran"


@dataclass
class Recorded:
    """abc.Executor: `answer` decides; events and the most that ran at a time are noted. The first
    `unstarted` events never begin."""

    answer: Callable[[TriggerEvent], Awaitable[str | None]] | None = None
    events: list[TriggerEvent] = field(default_factory=list)
    ended: int = 0
    running: int = 0
    most: int = 0
    unstarted: int = 0

    async def execute(self, event: TriggerEvent) -> Outcome:
        self.events.append(event)
        if self.unstarted:
            self.unstarted -= 1
            return Outcome("1", error="the host is being stopped", unstarted=True)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            error = await self.answer(event) if self.answer else None
        finally:
            self.running -= 1
        self.ended += 1
        return Outcome("1", error=error, lost=error == LOST)


@dataclass
class Lines:
    """A log."""

    lines: list[tuple[str, str, str]] = field(default_factory=list)

    def __call__(self, level: str, category: str, text: str) -> None:
        self.lines.append((level, category, text))

    def having(self, text: str) -> list[str]:
        return [line for _, _, line in self.lines if text in line]


def make_context(
    account: Account,
    clock: Clock,
    log: Lines | None = None,
    *,
    options: Mapping[str, Any] | None = None,
    instance: str = "host-1",
    folder: str = "/nowhere",
    settings: Mapping[str, str] | None = None,
    singleton: Mapping[str, Any] | None = None,
) -> BindingContext:
    return BindingContext(
        host_id="app",
        instance_id=instance,
        spool=folder,
        accounts=OneAccount(account),
        state=account.state,
        clock=clock,
        options=lambda kind: options or {},
        singleton=singleton or {},
        log=log or Lines(),
        webhook=lambda extension, handler: None,
        settings=settings if settings is not None else {"TZ": "UTC"},
    )


@asynccontextmanager
async def embedded(folder: Path, clock: FakeClock) -> AsyncIterator[Account]:
    """An embedded account by the test's clock."""
    account = open_embedded(str(folder / "store"), now=clock.time)
    try:
        yield account
    finally:
        await account.close()


def as_azure(account: Account) -> Account:
    """The account under the name of the other kind: with its times."""
    return replace(account, kind="azure")


def gate() -> tuple[asyncio.Event, Callable[[TriggerEvent], Awaitable[str | None]]]:
    """An answer that waits for the event."""
    opened = asyncio.Event()

    async def answer(event: TriggerEvent) -> str | None:
        await opened.wait()
        return None

    return opened, answer


async def settle(account: Account) -> None:
    """Let all that is asked of the store now, and what follows from it, be answered."""
    for _ in range(6):
        await account.state.delete("nothing/here")
        for _ in range(5):
            await asyncio.sleep(0)
