"""Blob bindings over a real embedded store, with a clock that a test moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lazulite.abc import Account, BindingContext, Listener, WebhookHandler
from lazulite.bindings.blob.trigger import BlobTrigger
from lazulite.expr.template import BoundNames
from lazulite.model import BindingSpec, Data, FunctionSpec, Outcome, TriggerEvent
from lazulite.stores.embedded.account import open_embedded
from lazulite.testing.clock import ManualClock

PATIENCE = 20.0  # seconds that only a failing test waits


@dataclass(frozen=True)
class OneAccount:
    """abc.Accounts where every connection is the same."""

    account: Account

    def get(self, connection: str, function: str, binding: str) -> Account:
        return self.account


class Runs:
    """abc.Executor: notes its events; `answer` gives the error of each."""

    def __init__(self, answer: Callable[[TriggerEvent], Awaitable[str | None]] | None = None):
        self._answer = answer
        self._changed = asyncio.Condition()
        self.events: list[TriggerEvent] = []
        self.contents: list[bytes] = []

    async def execute(self, event: TriggerEvent) -> Outcome:
        self.events.append(event)
        self.contents.append(content(event.value))
        async with self._changed:
            self._changed.notify_all()
        return Outcome("1", error=await self._answer(event) if self._answer else None)

    async def wait(self, count: int) -> None:
        """Until that many runs have begun."""
        async with self._changed:
            enough = self._changed.wait_for(lambda: len(self.events) >= count)
            await asyncio.wait_for(enough, PATIENCE)

    @property
    def blobs(self) -> list[str]:
        return sorted(str(event.metadata["BlobTrigger"]) for event in self.events)


def content(value: Data) -> bytes:
    if value.type == "file":
        return Path(value.value).read_bytes()
    return value.value if isinstance(value.value, bytes) else b""


@dataclass
class Kit:
    """One host with its store."""

    account: Account
    clock: ManualClock
    context: BindingContext
    webhooks: dict[str, WebhookHandler]
    log: list[str]
    trigger: BlobTrigger = field(init=False)

    def __post_init__(self) -> None:
        self.trigger = BlobTrigger(self.context)

    async def put(self, path: str, body: bytes = b"x", **metadata: str) -> None:
        container, _, name = path.partition("/")
        await self.account.blobs.upload(container, name, body, metadata=metadata)

    async def get(self, path: str) -> bytes:
        container, _, name = path.partition("/")
        target = str(Path(self.context.spool, "got"))
        await self.account.blobs.download(container, name, target)
        return Path(target).read_bytes()

    @asynccontextmanager
    async def listening(
        self, runs: Runs, path: str, name: str = "fn", **properties: Any
    ) -> AsyncIterator[Listener]:
        function = blob_function(path, name, **properties)
        assert function.trigger
        listener = self.trigger.listener(function, function.trigger, runs)
        await listener.start()
        try:
            yield listener
        finally:
            await listener.stop()

    @property
    def spooled(self) -> list[str]:
        return [path.name for path in Path(self.context.spool).iterdir() if path.name != "got"]


@asynccontextmanager
async def open_kit(
    folder: Path,
    clock: ManualClock | None = None,
    *,
    options: Mapping[str, Any] | None = None,
    instance: str = "one",
) -> AsyncIterator[Kit]:
    clock = clock or ManualClock()
    spool = folder / f"spool-{instance}"
    spool.mkdir(exist_ok=True)
    account = open_embedded(str(folder / "store"), now=clock.timestamp)
    webhooks: dict[str, WebhookHandler] = {}
    log: list[str] = []
    context = BindingContext(
        host_id="app",
        instance_id=instance,
        spool=str(spool),
        accounts=OneAccount(account),
        state=account.state,
        clock=clock,
        options=lambda kind: options or {},
        singleton={},
        log=lambda level, category, text: log.append(f"{level}: {text}"),
        webhook=webhooks.__setitem__,
    )
    try:
        yield Kit(account, clock, context, webhooks, log)
    finally:
        await account.close()


def blob_function(path: str, name: str = "fn", **properties: Any) -> FunctionSpec:
    trigger = BindingSpec("blob", "blobTrigger", "in", None, {"path": path, **properties})
    return FunctionSpec(name, "/app", "/app/function_app.py", name, (trigger,))


def binding(kind: str, direction: str = "in", **properties: Any) -> BindingSpec:
    return BindingSpec("value", kind, direction, None, properties)  # type: ignore[arg-type]


def function_of(*bindings: BindingSpec) -> FunctionSpec:
    return FunctionSpec("fn", "/app", "/app/function_app.py", "fn", tuple(bindings))


def names(**values: Any) -> BoundNames:
    return BoundNames(values)


def run(body: Awaitable[None]) -> None:
    async def main() -> None:
        await asyncio.wait_for(body, 60)

    asyncio.run(main())
