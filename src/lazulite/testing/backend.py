"""What a client needs of an app, whether it is in this process or another."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from lazulite.abc import Account
from lazulite.model import FunctionSpec
from lazulite.testing.records import Invocation, Records
from lazulite.testing.request import Request
from lazulite.testing.response import Response
from lazulite.testing.surroundings import Surroundings


class Backend(Protocol):
    """An app under test. `start` and `stop` once each; the rest between them, on one loop."""

    root: str
    records: Records

    @property
    def surroundings(self) -> Surroundings | None:
        """What a client puts around each of its calls, once the app is open."""
        ...

    @property
    def functions(self) -> Mapping[str, FunctionSpec]: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def send(self, request: Request) -> tuple[Response, BaseException | None]:
        """The answer to a request, and what a function raised instead of one, where that is
        known."""
        ...

    async def run(
        self, spec: FunctionSpec, input: str, at: datetime | None, past_due: bool
    ) -> Invocation:
        """Run a function that is not HTTP by hand; its last attempt. at: when, by the app's clock;
        past_due: of a timer."""
        ...

    async def settle(self) -> None:
        """Return when the app is at rest."""
        ...

    async def advance(self, to: datetime) -> None:
        """Let the app's clock run to an instant, through all that happens on the way."""
        ...

    def now(self) -> datetime:
        """The app's time."""
        ...

    def account(self, connection: str) -> Account:
        """The storage behind a connection ('' = the app's own)."""
        ...

    async def key(self, function: str | None) -> str:
        """A function's key, or with None the master key. Raises UsageError without keys."""
        ...
