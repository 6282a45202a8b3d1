"""The client: what a test says to an app."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

from lazulite.errors import UsageError
from lazulite.model import FunctionSpec
from lazulite.testing.backend import Backend
from lazulite.testing.clock import as_utc
from lazulite.testing.failures import final_failures, raise_first
from lazulite.testing.records import Invocation, LogRecord
from lazulite.testing.request import Content as BodyContent
from lazulite.testing.request import File, Params, build_request
from lazulite.testing.response import Response
from lazulite.testing.storage import (
    AsyncBlob,
    AsyncQueue,
    AsyncTable,
    Content,
    blob_names,
    to_bytes,
)
from lazulite.testing.tracebacks import as_seen

if TYPE_CHECKING:
    from typing_extensions import Unpack

T = TypeVar("T")

__tracebackhide__ = True


class RequestOptions(TypedDict, total=False):
    """What requests take, as httpx's do. raise_exceptions: see AsyncAppClient."""

    params: Params | None
    headers: Mapping[str, str] | Sequence[tuple[str, str]] | None
    cookies: Mapping[str, str] | None
    json: Any
    data: Mapping[str, Any] | str | bytes | None
    content: BodyContent | None
    files: Mapping[str, File] | None
    raise_exceptions: bool | None


class AsyncTimer:
    """One timer function."""

    def __init__(self, client: AsyncAppClient, name: str) -> None:
        self._client = client
        self._name = name

    async def fire(
        self,
        at: datetime | None = None,
        *,
        past_due: bool = False,
        raise_exceptions: bool | None = None,
    ) -> Invocation:
        """Run it now, whatever its schedule says. at: the clock shows this while it runs and goes
        back afterwards; `client.advance` lets timers fire by their schedules."""
        return await self._client.run(
            self._name, at=at, past_due=past_due, raise_exceptions=raise_exceptions
        )


class AsyncAppClient:
    """An open app.

    Each call returns when the app has come to rest: what a request put into a queue has been
    processed, and so on. raise_exceptions: a call raises what a function raised because of it and
    no retry mended; otherwise a request answers 500, and `invocations` tell.
    """

    def __init__(self, backend: Backend, *, raise_exceptions: bool = True, base_url: str) -> None:
        self._backend = backend
        self._base_url = base_url
        self._loop = asyncio.get_running_loop()
        self.raise_exceptions = raise_exceptions
        self.headers: dict[str, str] = {}

    # HTTP

    async def request(self, method: str, url: str, **options: Unpack[RequestOptions]) -> Response:
        """Send a request. `client.headers` go with each. Raises what the function raised (see the
        class), ValueError for two bodies at once, TypeError for an option that is none."""
        for name in options:
            if name not in RequestOptions.__annotations__:
                known = ", ".join(RequestOptions.__annotations__)
                raise TypeError(f"A request has no option '{name}'. There are: {known}.")
        raising = options.pop("raise_exceptions", None)
        headers = options.pop("headers", None)
        given = dict(headers or {}) if not isinstance(headers, Sequence) else headers
        if isinstance(given, dict):
            lower = {name.lower() for name in given}
            given = {k: v for k, v in self.headers.items() if k.lower() not in lower} | given
        else:
            lower = {name.lower() for name, _ in given}
            given = [p for p in self.headers.items() if p[0].lower() not in lower] + list(given)
        request = build_request(
            method,
            url,
            base=self._base_url,
            params=options.get("params"),
            headers=given,
            cookies=options.get("cookies"),
            json_body=options.get("json"),
            data=options.get("data"),
            content=options.get("content"),
            files=options.get("files"),
        )
        self._check_loop()
        seen = len(self.invocations)
        response, error = await self._backend.send(request)
        await self._backend.settle()
        if self._raises(raising):
            if error is not None:
                raise as_seen(error)
            self._raise_triggered(seen)
        return response

    async def get(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        return await self.request("GET", url, **options)

    async def head(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        return await self.request("HEAD", url, **options)

    async def options(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        return await self.request("OPTIONS", url, **options)

    async def post(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        return await self.request("POST", url, **options)

    async def put(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        return await self.request("PUT", url, **options)

    async def patch(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        return await self.request("PATCH", url, **options)

    async def delete(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        return await self.request("DELETE", url, **options)

    # functions

    @property
    def functions(self) -> Mapping[str, FunctionSpec]:
        """The app's functions by name; `error` says why one cannot be used."""
        return self._backend.functions

    async def run(
        self,
        name: str,
        input: Content | None = None,
        *,
        at: datetime | None = None,
        past_due: bool = False,
        raise_exceptions: bool | None = None,
    ) -> Invocation:
        """Run a function by hand, as `func start`'s admin API does; its last attempt.

        input: a queue message, a blob's path ...: what the trigger's kind takes. HTTP functions
        are called by their URLs. Raises UsageError for a name that is none, and what the function
        raised (see the class).
        """
        spec = self._function(name)
        self._check_loop()
        seen = len(self.invocations)
        text = "" if input is None else to_bytes(input).decode("utf-8", "surrogateescape")
        record = await self._backend.run(spec, text, at and as_utc(at), past_due)
        await self._backend.settle()
        if self._raises(raise_exceptions):
            if record.error is not None:
                raise as_seen(record.error)
            self._raise_triggered(seen)
        return record

    def timer(self, name: str) -> AsyncTimer:
        """A timer function. Raises UsageError when there is none of this name."""
        spec = self._function(name)
        if not is_timer(spec):
            timers = [n for n, f in self.functions.items() if is_timer(f)]
            raise UsageError(
                f"Function '{name}' is no timer.",
                hint=f"Timers are: {', '.join(timers) or 'none'}. To run a function of any other "
                "kind there is `run`.",
            )
        return AsyncTimer(self, spec.name)

    def _function(self, name: str) -> FunctionSpec:
        spec = self.functions.get(name)
        if spec is None:
            names = ", ".join(sorted(self.functions)) or "none"
            raise UsageError(f"The app has no function '{name}'.", hint=f"There are: {names}.")
        return spec

    # storage

    def queue(self, name: str, connection: str | None = None) -> AsyncQueue:
        """A queue. connection: as bindings name it; without it the one of the app's bindings to a
        queue of this name, else the app's own storage."""
        chosen = self._connection(connection, "queuename", name)
        return AsyncQueue(name, self._backend.account(chosen), self._act)

    def blob(self, path: str, connection: str | None = None) -> AsyncBlob:
        """A blob, `container/name`. connection: as for `queue`, by container."""
        chosen = self._connection(connection, "path", path)
        return AsyncBlob(path, self._backend.account(chosen), self._act)

    async def blobs(
        self, container: str, prefix: str = "", connection: str | None = None
    ) -> list[str]:
        """The names of a container's blobs."""
        chosen = self._connection(connection, "path", container + "/")
        return await blob_names(self._backend.account(chosen), container, prefix)

    def table(self, name: str, connection: str | None = None) -> AsyncTable:
        """A table. connection: as for `queue`."""
        chosen = self._connection(connection, "tablename", name)
        return AsyncTable(name, self._backend.account(chosen), self._act)

    def _connection(self, given: str | None, member: str, name: str) -> str:
        if given is not None:
            return given
        wanted = _place(member, name)
        for spec in self.functions.values():
            for binding in spec.bindings:
                value = binding.get(member)
                if isinstance(value, str) and _place(member, value) == wanted:
                    return str(binding.get("connection") or "")
        return ""

    # time, rest and what was seen

    @property
    def now(self) -> datetime:
        """The app's time: it stands still in process."""
        return self._backend.now()

    async def advance(
        self,
        by: timedelta | None = None,
        *,
        raise_exceptions: bool | None = None,
        **units: float,
    ) -> None:
        """Let time pass: `advance(minutes=5)`, `advance(timedelta(days=1))`.

        Timers fire at each of their occurrences, hidden messages come back when they are due.
        Raises TypeError for what is no time span.
        """
        span = time_span(by, units)
        await self.travel_to(self.now + span, raise_exceptions=raise_exceptions)

    async def travel_to(self, instant: datetime, *, raise_exceptions: bool | None = None) -> None:
        """Let time pass until an instant (a naive one is taken as UTC). Raises UsageError for one
        that has passed."""
        if as_utc(instant) < self.now:
            raise UsageError(
                f"It is {self.now} for the app, and time only goes forward.",
                hint="Open the app with now=... to start earlier.",
            )
        await self._act(self._backend.advance(as_utc(instant)), raise_exceptions)

    async def settle(self, *, raise_exceptions: bool | None = None) -> None:
        """Return when the app is at rest. Every call does this by itself; a test that put
        something into the storage by other ways needs it."""
        await self._act(None, raise_exceptions)

    @property
    def logs(self) -> list[LogRecord]:
        """Everything that was logged, the host's own records included."""
        return self._backend.records.logs

    @property
    def invocations(self) -> list[Invocation]:
        """Every attempt to run a function, in order."""
        return self._backend.records.invocations

    @property
    def failures(self) -> list[Invocation]:
        """Those that failed and that no later attempt mended."""
        return final_failures(self.invocations)

    async def key(self, function: str | None = None) -> str:
        """A function's key, or the master key. Raises UsageError unless opened with auth=True."""
        return await self._backend.key(function)

    @property
    def root(self) -> str:
        """The app's folder."""
        return self._backend.root

    async def close(self) -> None:
        """End the app; the process is as it was before."""
        await self._backend.stop()

    async def _act(self, work: Coroutine[Any, Any, T] | None, raising: bool | None) -> None:
        try:
            self._check_loop()
        except UsageError:
            if work is not None:
                work.close()
            raise
        seen = len(self.invocations)
        if work is not None:
            await work
        await self._backend.settle()
        if self._raises(raising):
            self._raise_triggered(seen)

    def _check_loop(self) -> None:
        """Raise UsageError on another event loop than the one that the app was opened on."""
        if asyncio.get_running_loop() is not self._loop:
            raise UsageError(
                "The app was opened on another event loop.",
                hint="Open it in the test, or in a fixture whose loop is the test's "
                "(pytest-asyncio: the same loop_scope).",
            )

    def _raise_triggered(self, seen: int) -> None:
        """Raise what triggered functions raised since; an HTTP function's failure is its own
        request's."""
        functions = self.functions
        records = self.invocations[seen:]
        raise_first([r for r in records if not functions[r.function].is_http])

    def _raises(self, given: bool | None) -> bool:
        return self.raise_exceptions if given is None else given


def is_timer(spec: FunctionSpec) -> bool:
    return spec.trigger is not None and spec.trigger.kind == "timertrigger"


def time_span(by: object, units: Mapping[str, float]) -> timedelta:
    """What `advance` was given. Raises TypeError."""
    if (by is None and not units) or not isinstance(by, (timedelta, type(None))):
        raise TypeError("advance takes a timedelta or units of it: advance(minutes=5).")
    try:
        return (by or timedelta()) + timedelta(**units)
    except TypeError:
        raise TypeError(
            f"advance takes days, hours, minutes, seconds ..., not {', '.join(units)}."
        ) from None


def _place(member: str, value: str) -> str:
    """What two bindings to the same thing have in common: a queue, a table, a container."""
    text = value.strip().strip("%").lower()
    return text.lstrip("/").partition("/")[0] if member == "path" else text
