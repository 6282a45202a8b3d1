"""From a message to what its function receives."""

from __future__ import annotations

from datetime import datetime

from lazulite.abc import QueueMessage
from lazulite.model import Data, TriggerEvent


def event_of(queue: str, message: QueueMessage, *, binary: bool) -> TriggerEvent:
    """The event of a message; `binary`: whether the binding wants bytes (dataType)."""
    body = message.body
    text: str | None
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = None
    value = Data("bytes", body) if binary or text is None else Data("string", text)
    metadata: dict[str, str | int | None] = {
        "QueueTrigger": text,
        "DequeueCount": message.dequeue_count,
        "ExpirationTime": _iso(message.expires),
        "InsertionTime": _iso(message.inserted),
        "NextVisibleTime": _iso(message.next_visible),
        "Id": message.id,
        "PopReceipt": message.pop_receipt,
    }
    if text is None:
        del metadata["QueueTrigger"]
    return TriggerEvent(
        value,
        metadata,
        f"New queue message detected on '{queue}'.",
        {
            "MessageId": message.id,
            "DequeueCount": str(message.dequeue_count),
            "InsertedOn": message.inserted.isoformat(timespec="milliseconds"),
        },
    )


def _iso(moment: datetime | None) -> str:
    # whole seconds, as the service has them; azure.functions parses those fastest, too
    if moment is None:  # a message that never expires has the largest date in the original
        return "9999-12-31T23:59:59+00:00"
    return moment.isoformat(timespec="seconds")
