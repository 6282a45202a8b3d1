"""Every interface of Lazulite, each with its obligations. Implementations import this; it imports
none of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from lazulite.model import BindingSpec, Data, FunctionSpec, Outcome, TriggerEvent


class Clock(Protocol):
    """Time, so that tests can own it."""

    def now(self) -> datetime:
        """The current instant, aware, UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`; cancellable."""
        ...


class Executor(Protocol):
    """Runs one function. All that a listener knows of the rest of the host.

    Retry policies, timeouts, outputs, logs and metrics are behind it. It never raises for a
    failed function: the outcome says so. It raises asyncio.CancelledError only.
    """

    async def execute(self, event: TriggerEvent) -> Outcome:
        """Run the function for `event`; return when its outputs are written or it failed."""
        ...


class Listener(Protocol):
    """Watches one trigger and hands what happens to its executor.

    `start` returns when the listener is at work, or raises LazuliteError if it cannot ever be;
    a store that is away for a while is no such case: the listener retries with back-off.
    `stop` takes no new work, waits for what runs, and gives back what it has not started.
    """

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


# --- stores ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """A message as a store holds it; `body` is the message as given to `put` (not base64).

    problem: why the text in the store could not be decoded, None when it could; `body` is then that
    text itself, in UTF-8.
    """

    id: str
    body: bytes
    pop_receipt: str
    dequeue_count: int
    inserted: datetime
    expires: datetime | None
    next_visible: datetime | None
    problem: str | None = None


class QueueStore(Protocol):
    """Queues with at-least-once delivery and leases ("visibility").

    Durable when a call returns; safe against SIGKILL at any instant. Queue names are lower-case
    (`^[a-z0-9](-?[a-z0-9]){2,62}$`). A store never interprets bodies, beyond the encoding it was
    configured with.
    """

    async def put(
        self,
        queue: str,
        bodies: Sequence[bytes],
        *,
        delay: float = 0.0,
        time_to_live: float | None = None,
    ) -> None:
        """Add messages, in order, creating the queue if it is absent.

        delay: seconds until they are visible; time_to_live: seconds, None = 7 days, -1 = for ever.
        """
        ...

    async def receive(self, queue: str, count: int, visibility: float) -> list[QueueMessage]:
        """Lease up to `count` (1-32) visible messages for `visibility` seconds, oldest first.

        Each gets its dequeue count raised by one and a new pop receipt. Raises NotFound when
        there is no such queue.
        """
        ...

    async def delete(self, queue: str, messages: Sequence[QueueMessage]) -> None:
        """Delete leased messages. One whose pop receipt is stale is left alone, silently."""
        ...

    async def update(self, queue: str, message: QueueMessage, visibility: float) -> QueueMessage:
        """Extend (or with 0 end) a lease; the message returned carries the new pop receipt.

        Raises Conflict or NotFound when the lease was lost.
        """
        ...

    def arrived(self, queue: str) -> Awaitable[None]:
        """Completes soon after this process (or, where the store can tell, any other) adds a
        message to `queue`, counted from this call (not from the first await). May complete
        without cause; cancelled freely. Waiters are hints: messages are still found by polling."""
        ...


class QueueAdmin(Protocol):
    """What `func storage` and tests need beyond QueueStore."""

    async def queues(self) -> list[str]: ...

    async def create(self, queue: str) -> None: ...

    async def drop(self, queue: str) -> None: ...

    async def peek(self, queue: str, count: int) -> list[QueueMessage]: ...

    async def clear(self, queue: str) -> None: ...

    async def length(self, queue: str) -> int: ...


@dataclass(frozen=True, slots=True)
class BlobProperties:
    """What is known of a blob without its content."""

    container: str
    name: str
    length: int
    etag: str
    last_modified: datetime
    uri: str
    content_type: str = "application/octet-stream"
    metadata: Mapping[str, str] = field(default_factory=dict)


class BlobStore(Protocol):
    """Blobs, written whole or not at all."""

    async def properties(self, container: str, name: str) -> BlobProperties:
        """Raises NotFound when the blob or its container is absent."""
        ...

    async def download(self, container: str, name: str, path: str) -> BlobProperties:
        """Write the content to the local file `path`, in pieces. Raises NotFound."""
        ...

    async def upload(
        self, container: str, name: str, source: bytes | str, *, metadata: Mapping[str, str]
    ) -> BlobProperties:
        """Store bytes, or the content of the local file at path `source` (a str), in pieces.

        Replaces what is there, keeping its metadata with `metadata` laid over it; creates the
        container. Until it returns readers see the old content, afterwards the new one.
        """
        ...

    def list(self, container: str, *, prefix: str = "") -> AsyncIterator[BlobProperties]:
        """The blobs whose names start with `prefix`, by name. Raises NotFound without container."""
        ...

    async def delete(self, container: str, name: str) -> None:
        """Delete a blob; nothing happens when it is absent."""
        ...

    def changed(self, container: str) -> Awaitable[None]:
        """Completes soon after this process (or, where the store can tell, any other) writes or
        deletes a blob of `container`: a hint, as QueueStore.arrived is."""
        ...


class BlobAdmin(Protocol):
    """What `func storage` and tests need beyond BlobStore."""

    async def containers(self) -> list[str]: ...

    async def create(self, container: str) -> None: ...

    async def drop(self, container: str) -> None: ...


Entity = Mapping[str, Any]


class TableStore(Protocol):
    """Tables of entities: mappings with PartitionKey and RowKey and str, int (64 bits), float,
    bool, datetime (aware, UTC), bytes or uuid.UUID values. A None value is not stored."""

    async def query(self, table: str, filter: str, take: int | None) -> list[Entity]:
        """Entities that match an OData filter ('' = all), at most `take` (None = all).

        Ordered by PartitionKey, RowKey. Without `odata.etag` and `Timestamp`. Raises NotFound
        when there is no such table, StoreError when the filter is malformed.
        """
        ...

    async def write(self, table: str, entities: Sequence[Entity]) -> None:
        """Insert entities, creating the table. An entity with `ETag` "*" replaces or inserts, with
        another ETag it replaces that version. Raises Conflict. Entities of one partition are
        written all or none, in groups of up to 100."""
        ...

    async def delete(self, table: str, partition_key: str, row_key: str) -> None:
        """Delete an entity; nothing happens when it is absent."""
        ...

    async def tables(self) -> list[str]: ...

    async def drop(self, table: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Document:
    """A piece of the host's own state. `version` changes at each write."""

    body: bytes
    version: str
    metadata: Mapping[str, str] = field(default_factory=dict)


class StateStore(Protocol):
    """What the host must remember: schedule status, receipts, keys. Paths look like
    `azure-webjobs-hosts/timers/{hostId}/Host.Functions.{fn}/status`: the first segment is a
    container where the store has such. A path is used either for documents or for leases."""

    async def read(self, path: str) -> Document | None: ...

    async def write(
        self, path: str, body: bytes, *, version: str | None = None, create: bool = False
    ) -> str:
        """Write and return the new version. With `version`, only over that one; with `create`,
        only where nothing is. Raises Conflict otherwise."""
        ...

    async def delete(self, path: str) -> None: ...

    async def list(self, prefix: str) -> list[str]:
        """The paths, leased ones too, that start with `prefix`, which names a whole container."""
        ...

    def leases(self) -> LeaseStore:
        """The leases of the same store."""
        ...


class LeaseStore(Protocol):
    """Exclusive, expiring ownership of a path among all hosts that share the store.

    Leases last 15 to 60 seconds where the store is Azure Storage, which knows no others: ask for
    that. The path reads as an empty document with the owner as metadata `FunctionInstance`.
    """

    async def acquire(self, path: str, owner: str, seconds: float) -> str | None:
        """A lease id, or None while another owner's lease has not expired. The owner of a lease
        may acquire it again."""
        ...

    async def renew(self, path: str, lease: str, seconds: float) -> bool:
        """False when the lease was lost: another owner has it or had it since."""
        ...

    async def release(self, path: str, lease: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Account:
    """The services behind one connection, and their administration.

    state: the host's own documents and leases, when this is its account; close: ends their use.
    """

    name: str
    kind: str  # "embedded" or "azure"
    queues: QueueStore
    blobs: BlobStore
    tables: TableStore
    state: StateStore
    queue_admin: QueueAdmin
    blob_admin: BlobAdmin
    close: Callable[[], Awaitable[None]]


class Accounts(Protocol):
    """Connections by name. Constructing one imports no SDK; the first use of a service does."""

    def get(self, connection: str, function: str, binding: str) -> Account:
        """The account behind `connection` ('' = AzureWebJobsStorage).

        Raises SettingError naming the setting, the function and the binding that want it.
        """
        ...


# --- bindings -------------------------------------------------------------------------------------


class Names(Protocol):
    """The names that binding expressions of one invocation can use."""

    def resolve(self, template: str) -> str:
        """`template` with its expressions replaced. Raises ExpressionError."""
        ...


@dataclass(frozen=True)
class BindingContext:
    """What a binding may use of the host. Constructed by the host, passed to each binding.

    options: host.json's `extensions.<kind>` members; singleton: its `singleton` options, by
    field name of config.hostjson.SingletonOptions, in seconds; settings: app settings and
    environment, whatever the case; spool: a directory for large values;
    log(level, category, message): the host's log; webhook(extension, handler): claims
    /runtime/webhooks/{extension}; state is looked up at its first use.
    """

    host_id: str
    instance_id: str
    spool: str
    accounts: Accounts
    state: StateStore
    clock: Clock
    options: Callable[[str], Mapping[str, Any]]
    singleton: Mapping[str, Any]
    log: Callable[[str, str, str], None]
    webhook: Callable[[str, WebhookHandler], None]
    development: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)

    def account(self, function: FunctionSpec, binding: BindingSpec) -> Account:
        """The storage account that a binding names. Raises SettingError when it cannot be used."""
        return self.accounts.get(binding.connection, function.name, binding.name)


@dataclass(frozen=True, slots=True)
class WebRequest:
    """An HTTP request to the host itself; header names in lower case, values decoded."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    scheme: str = "http"


@dataclass(frozen=True, slots=True)
class WebResponse:
    """Its answer."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


WebhookHandler = Callable[[WebRequest], Awaitable[WebResponse]]


class TriggerKind(Protocol):
    """A kind of trigger: one class in `bindings/<kind>/`, one row in the table.

    Constructed once per host with the BindingContext.
    """

    def validate(self, function: FunctionSpec, binding: BindingSpec) -> None:
        """Raises BindingError when the members cannot serve. No I/O, no SDK import."""
        ...

    def listener(
        self, function: FunctionSpec, binding: BindingSpec, executor: Executor
    ) -> Listener:
        """The listener of one function. No I/O yet."""
        ...

    async def manual(
        self, function: FunctionSpec, binding: BindingSpec, input: str
    ) -> TriggerEvent:
        """The event of a run by hand (`POST /admin/functions/{name}`, `func invoke`)."""
        ...


class IOKind(Protocol):
    """A kind of input and output binding."""

    def validate(self, function: FunctionSpec, binding: BindingSpec) -> None: ...

    async def read(self, function: FunctionSpec, binding: BindingSpec, names: Names) -> Data:
        """The input's value for one invocation; NO_DATA where there is nothing."""
        ...

    async def write(
        self,
        function: FunctionSpec,
        binding: BindingSpec,
        names: Names,
        value: Data,
        invocation_id: str,
    ) -> None:
        """Write an output (never called with NO_DATA). Returns when it is durable."""
        ...
