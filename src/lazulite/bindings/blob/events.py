"""Event Grid tells of new blobs through the host's webhook."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from lazulite.abc import BlobProperties, WebRequest, WebResponse
from lazulite.bindings.blob.hub import BlobHub
from lazulite.bindings.blob.watch import Watch
from lazulite.errors import LazuliteError, NotFound

EXTENSION = "blobs"
_CREATED = "Microsoft.Storage.BlobCreated"
_VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"
_SUBJECT = "/blobServices/default/containers/"


class EventGridHook:
    """`/runtime/webhooks/blobs?functionName=Host.Functions.{name}`.

    Understands Event Grid's own schema and that of cloud events, with the handshake of each. An
    event is acknowledged when its work is queued; otherwise Event Grid sends it again.
    """

    def __init__(self, hub: BlobHub) -> None:
        self._hub = hub

    async def answer(self, request: WebRequest) -> WebResponse:
        if request.method == "OPTIONS":
            return _consent(request)
        if request.method != "POST":
            return WebResponse(405)
        query = {name.lower(): value for name, value in request.query.items()}
        watch = self._hub.watch_of(query.get("functionname", ""))
        if watch is None:
            return _text(404, "There is no such function with a blob trigger.")
        try:
            events = _events(request.body)
        except ValueError:
            return _text(400, "The body is no JSON array of events.")
        kind = request.headers.get("aeg-event-type", "").lower()
        if kind == "unsubscribe":
            return WebResponse(202)
        for event in events:
            if kind == "subscriptionvalidation" or _type(event) == _VALIDATION:
                return _validated(event)
        try:
            return await self._take(watch, events)
        except LazuliteError as error:
            return _text(503, str(error))

    async def _take(self, watch: Watch, events: list[Mapping[str, Any]]) -> WebResponse:
        found: list[tuple[Watch, BlobProperties]] = []
        for event in events:
            place = _place(event)
            if _type(event) != _CREATED or place is None:
                continue
            if watch.pattern.match(*place) is None:
                continue
            try:
                found.append((watch, await watch.account.blobs.properties(*place)))
            except NotFound:
                continue  # deleted meanwhile
        left = await self._hub.offer(found) if found else []
        return _text(503, "Another host has these blobs in hand.") if left else WebResponse(202)


def _consent(request: WebRequest) -> WebResponse:
    """The handshake of the cloud events schema."""
    origin = request.headers.get("webhook-request-origin")
    if not origin:
        return WebResponse(400)
    return WebResponse(
        200, {"webhook-allowed-origin": origin, "webhook-allowed-rate": "*", "allow": "POST"}
    )


def _validated(event: Mapping[str, Any]) -> WebResponse:
    data = event.get("data")
    code = data.get("validationCode") if isinstance(data, Mapping) else None
    if not isinstance(code, str):
        return _text(400, "The validation event has no validationCode.")
    body = json.dumps({"validationResponse": code}).encode()
    return WebResponse(200, {"content-type": "application/json; charset=utf-8"}, body)


def _events(body: bytes) -> list[Mapping[str, Any]]:
    raw = json.loads(body)
    events = raw if isinstance(raw, list) else [raw]
    if not all(isinstance(event, dict) for event in events):
        raise ValueError("no events")
    return events


def _type(event: Mapping[str, Any]) -> str:
    return str(event.get("eventType") or event.get("type") or "")


def _place(event: Mapping[str, Any]) -> tuple[str, str] | None:
    """Container and blob of an event: from its subject, or else from the blob's URL."""
    subject = event.get("subject")
    if isinstance(subject, str) and subject.startswith(_SUBJECT):
        container, middle, name = subject[len(_SUBJECT) :].partition("/blobs/")
        if middle and name:
            return container, name
    data = event.get("data")
    url = data.get("url") if isinstance(data, Mapping) else None
    if not isinstance(url, str):
        return None
    container, _, name = unquote(urlsplit(url).path).lstrip("/").partition("/")
    return (container, name) if name else None


def _text(status: int, text: str) -> WebResponse:
    return WebResponse(status, {"content-type": "text/plain; charset=utf-8"}, text.encode())
