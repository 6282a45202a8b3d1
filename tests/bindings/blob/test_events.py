"""Event Grid's notifications through the webhook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lazulite.abc import WebRequest, WebResponse
from tests.bindings.blob.kit import Kit, Runs, open_kit, run

PATH = "/runtime/webhooks/blobs"


def created(path: str, **other: Any) -> dict[str, Any]:
    container, _, name = path.partition("/")
    return {
        "subject": f"/blobServices/default/containers/{container}/blobs/{name}",
        "eventType": "Microsoft.Storage.BlobCreated",
        "data": {"url": f"https://account.blob.core.windows.net/{path}"},
        **other,
    }


async def post(
    kit: Kit, events: Any, name: str = "Host.Functions.fn", **headers: str
) -> WebResponse:
    request = WebRequest(
        "POST",
        PATH,
        {"functionName": name},
        {key.replace("_", "-"): value for key, value in headers.items()},
        events if isinstance(events, bytes) else json.dumps(events).encode(),
    )
    return await kit.webhooks["blobs"](request)


async def tell(kit: Kit, events: Any, **headers: str) -> None:
    """As Event Grid does, until it is acknowledged: a scan may have the blob in hand just now."""
    while (status := (await post(kit, events, **headers)).status) == 503:
        pass
    assert status == 202


def test_a_created_blob_is_run_once_however_often_it_is_told(tmp_path: Path) -> None:
    async def body() -> None:
        async with open_kit(tmp_path) as kit:
            runs = Runs()
            async with kit.listening(runs, "samples/{name}.txt", source="EventGrid"):
                await kit.put("samples/in/a b.txt", b"A")
                await kit.put("samples/c.png")
                events = [
                    created("samples/in/a b.txt"),
                    created("samples/c.png"),
                    created("others/d.txt"),
                    created("samples/gone.txt"),
                    created("samples/in/a b.txt", eventType="Microsoft.Storage.BlobDeleted"),
                    {"unknown": True},
                ]
                await tell(kit, events)
                await tell(kit, events, aeg_event_type="Notification")
                await runs.wait(1)
            assert runs.contents == [b"A"]
            assert runs.events[0].reason == "New blob detected(EventGrid): samples/in/a b.txt"
            assert any("functionName=Host.Functions.fn" in line for line in kit.log)

    run(body())


def test_blobs_from_before_the_first_start_make_no_events(tmp_path: Path) -> None:
    async def body() -> None:
        async with open_kit(tmp_path) as kit:
            await kit.put("samples/before")
            kit.clock.move_to(kit.clock.now().replace(year=2099))
            runs = Runs()
            async with kit.listening(runs, "samples/{name}", source="EventGrid"):
                await kit.put("samples/after")
                await runs.wait(1)
            assert runs.blobs == ["samples/after"]

    run(body())


@pytest.mark.parametrize("headers", [{}, {"aeg_event_type": "SubscriptionValidation"}])
def test_a_subscription_is_validated(tmp_path: Path, headers: dict[str, str]) -> None:
    event = {
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "data": {"validationCode": "512d38b6"},
    }

    async def body() -> None:
        async with open_kit(tmp_path) as kit, kit.listening(Runs(), "samples", source="EventGrid"):
            answer = await post(kit, [event], **headers)
            assert answer.status == 200
            assert json.loads(answer.body) == {"validationResponse": "512d38b6"}
            assert (await post(kit, [{**event, "data": {}}])).status == 400

    run(body())


def test_cloud_events_are_understood(tmp_path: Path) -> None:
    async def body() -> None:
        async with open_kit(tmp_path) as kit:
            runs = Runs()
            async with kit.listening(runs, "samples/{name}", source="EventGrid"):
                origin = {"webhook-request-origin": "eventgrid.azure.net"}
                query = {"functionName": "Host.Functions.fn"}
                options = WebRequest("OPTIONS", PATH, query, origin)
                answer = await kit.webhooks["blobs"](options)
                assert answer.headers["webhook-allowed-origin"] == "eventgrid.azure.net"
                await kit.put("samples/a", b"A")
                cloud = {
                    "specversion": "1.0",
                    "type": "Microsoft.Storage.BlobCreated",
                    "data": {"url": "https://account.blob.core.windows.net/samples/a"},
                }
                await tell(kit, cloud)
                await runs.wait(1)
            assert runs.contents == [b"A"]

    run(body())


def test_what_is_no_notification_is_refused(tmp_path: Path) -> None:
    async def body() -> None:
        async with open_kit(tmp_path) as kit, kit.listening(Runs(), "samples", source="EventGrid"):
            assert (await post(kit, b"{")).status == 400
            assert (await post(kit, [1])).status == 400
            assert (await post(kit, [], name="Host.Functions.other")).status == 404
            assert (await post(kit, [], aeg_event_type="Unsubscribe")).status == 202
            get = await kit.webhooks["blobs"](WebRequest("GET", PATH, {}, {}))
            assert get.status == 405

    run(body())
