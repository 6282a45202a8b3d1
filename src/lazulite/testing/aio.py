"""The client: what a test says to an app."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
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

if TYPE_CHECKING:
    from typing_extensions import Unpack

T = TypeVar("T")


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
        self.raise_exceptions = raise_exceptions
        self.headers: dict[str, str] = {}

    # HTTP

    async def request(self, method: str, url: str, **options: Unpack[RequestOptions]) -> Response:
        """Send a request. `client.headers` go with each. Raises what the function raised (see the
        class), ValueError for two bodies at once."""
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
        seen = len(self.invocations)
        response, error = await self._backend.send(request)
        await self._backend.settle()
        if self._raises(raising):
            if error is not None:
                raise error
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
        seen = len(self.invocations)
        text = "" if input is None else to_bytes(input).decode("utf-8", "surrogateescape")
        record = await self._backend.run(spec, text, at and as_utc(at), past_due)
        await self._backend.settle()
        if self._raises(raise_exceptions):
            if record.error is not None:
                raise record.error
            self._raise_triggered(seen)
        return record

    def timer(self, name: str) -> AsyncTimer:
        """A timer function. Raises UsageError when there is none of this name."""
        spec = self._function(name)
        if spec.trigger is None or spec.trigger.kind != "timertrigger":
            raise UsageError(f"Function '{name}' is no timer.")
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
        """
        span = (by or timedelta()) + timedelta(**units)
        await self.travel_to(self.now + span, raise_exceptions=raise_exceptions)

    async def travel_to(self, instant: datetime, *, raise_exceptions: bool | None = None) -> None:
        """Let time pass until an instant (a naive one is taken as UTC)."""
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

    async def _act(self, work: Awaitable[T] | None, raising: bool | None) -> None:
        seen = len(self.invocations)
        if work is not None:
            await work
        await self._backend.settle()
        if self._raises(raising):
            self._raise_triggered(seen)

    def _raise_triggered(self, seen: int) -> None:
        """Raise what triggered functions raised since; an HTTP function's failure is its own
        request's."""
        functions = self.functions
        records = self.invocations[seen:]
        raise_first([r for r in records if not functions[r.function].is_http])

    def _raises(self, given: bool | None) -> bool:
        return self.raise_exceptions if given is None else given


def _place(member: str, value: str) -> str:
    """What two bindings to the same thing have in common: a queue, a table, a container."""
    text = value.strip().strip("%").lower()
    return text.lstrip("/").partition("/")[0] if member == "path" else text
