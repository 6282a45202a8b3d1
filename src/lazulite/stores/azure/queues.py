"""Queues in Azure Storage."""

from __future__ import annotations

import asyncio
import base64
import binascii
import math
import re
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Literal

from lazulite.abc import QueueMessage
from lazulite.errors import Conflict, NotFound, StoreError
from lazulite.stores.azure.clients import Clients
from lazulite.stores.azure.errors import border
from lazulite.stores.hints import Hints
from lazulite.stores.names import check_queue

if TYPE_CHECKING:
    from azure.storage.queue.aio import QueueClient

Encoding = Literal["base64", "none"]
LARGEST_TEXT = 64 * 1024
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class AzureQueues:
    """abc.QueueStore and abc.QueueAdmin over the queue service.

    encoding: how bodies are text in the service, host.json's `messageEncoding`.
    """

    def __init__(self, clients: Clients, *, encoding: Encoding = "base64") -> None:
        self._clients = clients
        self._encoding = encoding
        self._hints = Hints()
        self._queues: dict[str, QueueClient] = {}

    async def put(
        self,
        queue: str,
        bodies: Sequence[bytes],
        *,
        delay: float = 0.0,
        time_to_live: float | None = None,
    ) -> None:
        client = await self._client(queue)
        texts = [encode(body, self._encoding, queue) for body in bodies]
        live = None if time_to_live is None else math.ceil(time_to_live)

        async def send(text: str) -> None:
            with border(f"queue '{queue}'"):
                await client.send_message(
                    text, visibility_timeout=math.ceil(delay) or None, time_to_live=live
                )

        if not texts:
            await self.create(queue)
        for text in texts:  # one request each, in order: the service takes no batches
            try:
                await send(text)
            except NotFound:
                await self.create(queue)
                await send(text)
        self._hints.notify((("queues", queue),))

    async def receive(self, queue: str, count: int, visibility: float) -> list[QueueMessage]:
        client = self._queues.get(queue) or await self._client(queue)
        with border(f"queue '{queue}'"):
            pages = client.receive_messages(
                messages_per_page=count,
                max_messages=count,
                visibility_timeout=max(1, math.ceil(visibility)),
            ).by_page()
            async for page in pages:
                return [self._message(message) async for message in page]
        return []

    async def delete(self, queue: str, messages: Sequence[QueueMessage]) -> None:
        client = self._queues.get(queue) or await self._client(queue)

        async def delete(message: QueueMessage) -> None:
            with suppress(NotFound, Conflict), border(f"queue '{queue}'"):
                await client.delete_message(message.id, message.pop_receipt)

        if len(messages) == 1:
            await delete(messages[0])
        else:
            await asyncio.gather(*(delete(message) for message in messages))

    async def update(self, queue: str, message: QueueMessage, visibility: float) -> QueueMessage:
        client = await self._client(queue)
        with border(f"message {message.id} in queue '{queue}'"):
            updated = await client.update_message(
                message.id,
                pop_receipt=message.pop_receipt,
                visibility_timeout=math.ceil(visibility),
            )
        if visibility <= 0:
            self._hints.notify((("queues", queue),))
        return replace(
            message,
            pop_receipt=updated.pop_receipt or "",
            next_visible=_utc(updated.next_visible_on),
        )

    def arrived(self, queue: str) -> Awaitable[None]:
        return self._hints.wait(("queues", queue))

    async def queues(self) -> list[str]:
        service = await self._clients.queues()
        with border("list of queues"):
            return sorted([queue.name async for queue in service.list_queues()])

    async def create(self, queue: str) -> None:
        client = await self._client(queue)
        with suppress(Conflict), border(f"queue '{queue}'"):
            await client.create_queue()

    async def drop(self, queue: str) -> None:
        client = await self._client(queue)
        with border(f"queue '{queue}'"):
            await client.delete_queue()

    async def peek(self, queue: str, count: int) -> list[QueueMessage]:
        client = await self._client(queue)
        with border(f"queue '{queue}'"):
            return [self._message(m) for m in await client.peek_messages(min(count, 32))]

    async def clear(self, queue: str) -> None:
        client = await self._client(queue)
        with border(f"queue '{queue}'"):
            await client.clear_messages()

    async def length(self, queue: str) -> int:
        client = await self._client(queue)
        with border(f"queue '{queue}'"):
            properties = await client.get_queue_properties()
            return properties.approximate_message_count or 0

    async def _client(self, queue: str) -> QueueClient:
        client = self._queues.get(queue)
        if client is None:
            check_queue(queue)
            client = (await self._clients.queues()).get_queue_client(queue)
            self._queues[queue] = client
        return client

    def _message(self, message: Any) -> QueueMessage:
        body, problem = decode(message.content or "", self._encoding)
        return QueueMessage(
            id=message.id,
            body=body,
            pop_receipt=message.pop_receipt or "",
            dequeue_count=message.dequeue_count or 0,
            inserted=message.inserted_on.replace(tzinfo=timezone.utc),
            expires=_utc(message.expires_on),
            next_visible=_utc(message.next_visible_on),
            problem=problem,
        )


def encode(body: bytes, encoding: Encoding, queue: str) -> str:
    """The text that stands for `body` in the service. Raises StoreError when none can."""
    if encoding == "base64":
        text = base64.b64encode(body).decode("ascii")
    else:
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            text = "\0"
        if _NOT_XML.search(text):
            raise StoreError(
                f"A message for queue '{queue}' is binary, and messageEncoding is 'none'.",
                hint="Send text, or set extensions.queues.messageEncoding in host.json to base64.",
            )
    if len(text.encode()) > LARGEST_TEXT:
        raise StoreError(
            f"A message of {len(body)} bytes is too large for queue '{queue}'.",
            hint="Messages have at most 64 KiB, 48 KiB before base64: put the content in a blob "
            "and its name in the message.",
        )
    return text


def decode(text: str, encoding: Encoding) -> tuple[bytes, str | None]:
    """(body, None), or (the text itself, what is wrong with it)."""
    if encoding == "none":
        return text.encode("utf-8"), None
    try:
        return base64.b64decode(text.strip(), validate=True), None
    except (binascii.Error, ValueError) as error:
        return text.encode("utf-8"), f"it is not base64 text ({error})"


def _utc(time: datetime | None) -> datetime | None:
    return None if time is None else time.replace(tzinfo=timezone.utc)
