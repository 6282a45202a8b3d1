"""Queues, blobs and tables of an app, for a test to fill and to look into."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from lazulite.abc import Account, BlobProperties, Entity, QueueMessage
from lazulite.errors import NotFound

Content = str | bytes | Mapping[str, Any] | Sequence[Any]
MOST = 32
SHOWN = 20  # blobs named in a message


def to_bytes(content: Content) -> bytes:
    """Bytes as they are, text as UTF-8, anything else as JSON."""
    if isinstance(content, (bytes, bytearray)):
        return bytes(content)
    if isinstance(content, str):
        return content.encode()
    return json.dumps(content).encode()


class Message(str):
    """A queue message: its text, with more about it.

    body: the bytes; dequeue_count: how often it was received; inserted: when it was put.
    """

    id: str
    body: bytes
    dequeue_count: int
    inserted: datetime

    @classmethod
    def of(cls, message: QueueMessage) -> Message:
        made = cls(message.body.decode("utf-8", "replace"))
        made.id = message.id
        made.body = message.body
        made.dequeue_count = message.dequeue_count
        made.inserted = message.inserted
        return made

    def json(self) -> Any:
        """The message as JSON. Raises ValueError."""
        return json.loads(self.body)


class AsyncQueue:
    """One queue. act: what every change goes through, so that the app reacts before it ends."""

    def __init__(self, name: str, account: Account, act: Any) -> None:
        self.name = name.lower()
        self._account = account
        self._act = act

    @property
    def poison(self) -> AsyncQueue:
        """Where messages go that failed too often."""
        return AsyncQueue(f"{self.name}-poison", self._account, self._act)

    async def send(
        self, *messages: Content, delay: float = 0.0, raise_exceptions: bool | None = None
    ) -> None:
        """Put messages (text, bytes, or anything else as JSON); the queue is made if absent.

        Returns when the app has come to rest. Raises what a function raised that took one and
        failed in the end, unless raise_exceptions is False.
        """
        bodies = [to_bytes(message) for message in messages]
        work = self._account.queues.put(self.name, bodies, delay=delay)
        await self._act(work, raise_exceptions)

    async def messages(self) -> list[Message]:
        """The messages that could be received now, oldest first."""
        try:
            found = await self._account.queue_admin.peek(self.name, 1_000_000)
        except NotFound:
            return []
        return [Message.of(message) for message in found]

    async def peek(self) -> Message | None:
        """The next message; None when there is none."""
        found = await self.messages()
        return found[0] if found else None

    async def receive(self, count: int = MOST) -> list[Message]:
        """Take up to 32 messages out of the queue."""
        try:
            found = await self._account.queues.receive(self.name, count, 60.0)
        except NotFound:
            return []
        await self._account.queues.delete(self.name, found)
        return [Message.of(message) for message in found]

    async def length(self) -> int:
        """How many messages there are, those that are hidden now included."""
        try:
            return await self._account.queue_admin.length(self.name)
        except NotFound:
            return 0

    async def clear(self) -> None:
        """Delete all messages."""
        try:
            await self._account.queue_admin.clear(self.name)
        except NotFound:
            pass


class AsyncBlob:
    """One blob: `container/name`, the name with any number of slashes."""

    def __init__(self, path: str, account: Account, act: Any) -> None:
        self.container, _, self.name = path.strip("/").partition("/")
        if not self.name:
            raise ValueError(f"'{path}' names no blob: write 'container/name'")
        self._account = account
        self._act = act

    async def write(
        self,
        content: Content,
        *,
        metadata: Mapping[str, str] | None = None,
        raise_exceptions: bool | None = None,
    ) -> None:
        """Store text, bytes, or anything else as JSON; the container is made if absent.

        Returns when the app has come to rest; raises as `queue.send` does.
        """
        work = self._account.blobs.upload(
            self.container, self.name, to_bytes(content), metadata=metadata or {}
        )
        await self._act(work, raise_exceptions)

    async def read(self) -> bytes:
        """The content. Raises NotFound, which names the blobs that there are."""
        handle, path = tempfile.mkstemp(prefix="lazulite-blob-")
        os.close(handle)
        try:
            await self._account.blobs.download(self.container, self.name, path)
            with open(path, "rb") as file:
                return file.read()
        except NotFound as error:
            names = await blob_names(self._account, self.container, "")
            shown = ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
            raise NotFound(
                f"There is no blob '{self.container}/{self.name}'.",
                hint=f"In '{self.container}' there are: {shown}."
                if names
                else f"There is nothing in '{self.container}'.",
            ) from error
        finally:
            os.unlink(path)

    async def text(self) -> str:
        """The content as text in UTF-8. Raises NotFound."""
        return (await self.read()).decode()

    async def json(self) -> Any:
        """The content as JSON. Raises NotFound, ValueError."""
        return json.loads(await self.read())

    async def properties(self) -> BlobProperties:
        """What is known of it. Raises NotFound."""
        return await self._account.blobs.properties(self.container, self.name)

    async def exists(self) -> bool:
        """Whether it is there."""
        try:
            await self.properties()
        except NotFound:
            return False
        return True

    async def delete(self) -> None:
        """Delete it; nothing happens when it is absent."""
        await self._act(self._account.blobs.delete(self.container, self.name), None)


async def blob_names(account: Account, container: str, prefix: str) -> list[str]:
    """The names of a container's blobs; none where there is no container."""
    try:
        return [blob.name async for blob in account.blobs.list(container, prefix=prefix)]
    except NotFound:
        return []


class AsyncTable:
    """One table of entities (mappings with PartitionKey and RowKey)."""

    def __init__(self, name: str, account: Account, act: Any) -> None:
        self.name = name
        self._account = account
        self._act = act

    async def write(self, *entities: Entity) -> None:
        """Insert entities, replacing those that are there; the table is made if absent."""
        rows = [{"ETag": "*", **entity} for entity in entities]
        await self._act(self._account.tables.write(self.name, rows), None)

    async def query(self, filter: str = "", take: int | None = None) -> list[dict[str, Any]]:
        """The entities that match an OData filter ('' = all), by key; none without a table."""
        try:
            found = await self._account.tables.query(self.name, filter, take)
        except NotFound:
            return []
        return [dict(entity) for entity in found]

    async def get(self, partition_key: str, row_key: str) -> dict[str, Any] | None:
        """One entity; None where there is none."""
        partition, row = (key.replace("'", "''") for key in (partition_key, row_key))
        found = await self.query(f"PartitionKey eq '{partition}' and RowKey eq '{row}'")
        return found[0] if found else None

    async def delete(self, partition_key: str, row_key: str) -> None:
        """Delete an entity; nothing happens when it is absent."""
        await self._act(self._account.tables.delete(self.name, partition_key, row_key), None)
