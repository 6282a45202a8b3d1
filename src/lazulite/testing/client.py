"""The client for tests that are not asynchronous: AsyncAppClient, one call at a time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from lazulite.abc import BlobProperties, Entity
from lazulite.errors import UsageError
from lazulite.model import FunctionSpec
from lazulite.testing.aio import AsyncAppClient, AsyncTimer, RequestOptions
from lazulite.testing.records import Invocation, LogRecord
from lazulite.testing.response import Response
from lazulite.testing.storage import AsyncBlob, AsyncQueue, AsyncTable, Content, Message
from lazulite.testing.tracebacks import as_seen

if TYPE_CHECKING:
    from typing_extensions import Unpack

T = TypeVar("T")

__tracebackhide__ = True  # pytest shows the test's line and what is behind it, not the way there


class Loop:
    """An event loop that runs only while a test waits for it: between two calls nothing happens.

    around: what is put around each wait: the app's environment and folder.
    """

    def __init__(self) -> None:
        self.around: AbstractContextManager[None] = nullcontext()
        self._loop = asyncio.new_event_loop()
        self._lock = threading.Lock()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The coroutine's result. From within another running loop, which then waits, it is driven
        on a thread of its own. Threads of a test take turns."""
        if self.closed:
            work.close()
            raise UsageError("The app is closed.", hint="Ask it before `close` or within `with`.")
        try:
            with self._lock, self.around:
                if _is_in_loop():
                    return self._run_aside(work)
                return self._complete(work)
        except BaseException as error:
            raise as_seen(error)  # noqa: B904  # it is the same exception

    def _complete(self, work: Coroutine[Any, Any, T]) -> T:
        task = self._loop.create_task(work)
        try:
            return self._loop.run_until_complete(task)
        finally:
            if not task.done():  # Ctrl-C: it must not go on when the app is closed
                task.cancel()
                self._loop.run_until_complete(asyncio.gather(task, return_exceptions=True))

    def _run_aside(self, work: Coroutine[Any, Any, T]) -> T:
        results: list[T] = []
        errors: list[BaseException] = []

        def drive() -> None:
            try:
                results.append(self._complete(work))
            except BaseException as error:
                errors.append(error)

        thread = threading.Thread(target=drive, name="lazulite-test-client")
        thread.start()
        thread.join()
        if errors:
            raise errors[0]
        return results[0]

    @property
    def closed(self) -> bool:
        return self._loop.is_closed()

    def close(self) -> None:
        """Cancel what is left and close the loop."""
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        if left:
            self.run(_gather(left))
        self.run(self._loop.shutdown_asyncgens())
        self.run(self._loop.shutdown_default_executor())
        self._loop.close()


def _is_in_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


async def _gather(tasks: set[asyncio.Task[Any]]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)


class Queue:
    """See AsyncQueue."""

    def __init__(self, queue: AsyncQueue, loop: Loop) -> None:
        self._queue = queue
        self._loop = loop

    @property
    def name(self) -> str:
        return self._queue.name

    @property
    def poison(self) -> Queue:
        return Queue(self._queue.poison, self._loop)

    def send(
        self, *messages: Content, delay: float = 0.0, raise_exceptions: bool | None = None
    ) -> None:
        self._loop.run(self._queue.send(*messages, delay=delay, raise_exceptions=raise_exceptions))

    def messages(self) -> list[Message]:
        return self._loop.run(self._queue.messages())

    def peek(self) -> Message | None:
        return self._loop.run(self._queue.peek())

    def receive(self, count: int = 32) -> list[Message]:
        return self._loop.run(self._queue.receive(count))

    def length(self) -> int:
        return self._loop.run(self._queue.length())

    def clear(self) -> None:
        self._loop.run(self._queue.clear())


class Blob:
    """See AsyncBlob."""

    def __init__(self, blob: AsyncBlob, loop: Loop) -> None:
        self._blob = blob
        self._loop = loop

    def write(
        self,
        content: Content,
        *,
        metadata: Mapping[str, str] | None = None,
        raise_exceptions: bool | None = None,
    ) -> None:
        work = self._blob.write(content, metadata=metadata, raise_exceptions=raise_exceptions)
        self._loop.run(work)

    def read(self) -> bytes:
        return self._loop.run(self._blob.read())

    def text(self) -> str:
        return self._loop.run(self._blob.text())

    def json(self) -> Any:
        return self._loop.run(self._blob.json())

    def properties(self) -> BlobProperties:
        return self._loop.run(self._blob.properties())

    def exists(self) -> bool:
        return self._loop.run(self._blob.exists())

    def delete(self) -> None:
        self._loop.run(self._blob.delete())


class Table:
    """See AsyncTable."""

    def __init__(self, table: AsyncTable, loop: Loop) -> None:
        self._table = table
        self._loop = loop

    def write(self, *entities: Entity) -> None:
        self._loop.run(self._table.write(*entities))

    def query(self, filter: str = "", take: int | None = None) -> list[dict[str, Any]]:
        return self._loop.run(self._table.query(filter, take))

    def get(self, partition_key: str, row_key: str) -> dict[str, Any] | None:
        return self._loop.run(self._table.get(partition_key, row_key))

    def delete(self, partition_key: str, row_key: str) -> None:
        self._loop.run(self._table.delete(partition_key, row_key))


class Timer:
    """See AsyncTimer."""

    def __init__(self, timer: AsyncTimer, loop: Loop) -> None:
        self._timer = timer
        self._loop = loop

    def fire(
        self,
        at: datetime | None = None,
        *,
        past_due: bool = False,
        raise_exceptions: bool | None = None,
    ) -> Invocation:
        return self._loop.run(
            self._timer.fire(at, past_due=past_due, raise_exceptions=raise_exceptions)
        )


class AppClient:
    """An open app; see AsyncAppClient, whose methods these are. Also a context manager, which
    closes it."""

    def __init__(self, client: AsyncAppClient, loop: Loop) -> None:
        self._client = client
        self._loop = loop

    def request(self, method: str, url: str, **options: Unpack[RequestOptions]) -> Response:
        return self._loop.run(self._client.request(method, url, **options))

    def get(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        return self.request("GET", url, **options)

    def head(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        return self.request("HEAD", url, **options)

    def options(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        return self.request("OPTIONS", url, **options)

    def post(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        return self.request("POST", url, **options)

    def put(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        return self.request("PUT", url, **options)

    def patch(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        return self.request("PATCH", url, **options)

    def delete(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        return self.request("DELETE", url, **options)

    def run(
        self,
        name: str,
        input: Content | None = None,
        *,
        at: datetime | None = None,
        past_due: bool = False,
        raise_exceptions: bool | None = None,
    ) -> Invocation:
        return self._loop.run(
            self._client.run(
                name, input, at=at, past_due=past_due, raise_exceptions=raise_exceptions
            )
        )

    def timer(self, name: str) -> Timer:
        return Timer(self._client.timer(name), self._loop)

    def queue(self, name: str, connection: str | None = None) -> Queue:
        return Queue(self._client.queue(name, connection), self._loop)

    def blob(self, path: str, connection: str | None = None) -> Blob:
        return Blob(self._client.blob(path, connection), self._loop)

    def blobs(self, container: str, prefix: str = "", connection: str | None = None) -> list[str]:
        return self._loop.run(self._client.blobs(container, prefix, connection))

    def table(self, name: str, connection: str | None = None) -> Table:
        return Table(self._client.table(name, connection), self._loop)

    def advance(
        self,
        by: timedelta | None = None,
        *,
        raise_exceptions: bool | None = None,
        **units: float,
    ) -> None:
        self._loop.run(self._client.advance(by, raise_exceptions=raise_exceptions, **units))

    def travel_to(self, instant: datetime, *, raise_exceptions: bool | None = None) -> None:
        self._loop.run(self._client.travel_to(instant, raise_exceptions=raise_exceptions))

    def settle(self, *, raise_exceptions: bool | None = None) -> None:
        self._loop.run(self._client.settle(raise_exceptions=raise_exceptions))

    def key(self, function: str | None = None) -> str:
        return self._loop.run(self._client.key(function))

    @property
    def headers(self) -> dict[str, str]:
        """Sent with each request."""
        return self._client.headers

    @property
    def raise_exceptions(self) -> bool:
        return self._client.raise_exceptions

    @raise_exceptions.setter
    def raise_exceptions(self, value: bool) -> None:
        self._client.raise_exceptions = value

    @property
    def functions(self) -> Mapping[str, FunctionSpec]:
        return self._client.functions

    @property
    def now(self) -> datetime:
        return self._client.now

    @property
    def logs(self) -> list[LogRecord]:
        return self._client.logs

    @property
    def invocations(self) -> list[Invocation]:
        return self._client.invocations

    @property
    def failures(self) -> list[Invocation]:
        return self._client.failures

    @property
    def root(self) -> str:
        return self._client.root

    def close(self) -> None:
        """End the app; a second call does nothing."""
        if self._loop.closed:
            return
        try:
            self._loop.run(self._client.close())
        finally:
            self._loop.close()

    def __enter__(self) -> AppClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
