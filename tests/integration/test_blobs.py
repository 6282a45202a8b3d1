"""Blobs and tables: bindings of every form, triggers, notices of the event grid, warm-up."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest

from lazulite.testing import AppClient, open_app
from lazulite.testing.records import Failure
from tests.e2e.harness import APPS

BINARY = bytes(range(256))
LARGE = BINARY * 40_000


@pytest.fixture
def app() -> Iterator[AppClient]:
    with open_app(APPS / "blobs") as client:
        yield client


def runs(app: AppClient, function: str) -> list[list[str]]:
    """What each invocation of a function logged."""
    return [record.messages for record in app.invocations if record.function == function]


@pytest.mark.parametrize("content", [b"", b"small \xff\x00", LARGE], ids=len)
def test_what_is_written_is_read(app: AppClient, content: bytes) -> None:
    assert app.get("/api/items/7").status_code == 404
    assert app.get("/api/texts/7").text == "nothing"

    assert app.put("/api/items/7", content=content).text == "stored"

    assert app.get("/api/items/7").content == content
    assert app.blob("samples/7").read() == content
    assert app.get("/api/texts/7").json()[1] == len(content)


def test_a_byte_order_mark_is_no_text(app: AppClient) -> None:
    app.put("/api/items/8", content="\ufeffgrün".encode())

    assert app.get("/api/texts/8").json() == ["grün", 8]


def test_generic_bindings(app: AppClient) -> None:
    assert app.post("/api/generic/9", content=b"a").text == "changed"
    assert app.post("/api/generic/9", content=b"b").text == "changed"

    assert app.get("/api/items/9").content == b"+a+b"


def test_tables(app: AppClient) -> None:
    people = [{"RowKey": "1", "name": "Ada", "age": 36}, {"RowKey": "2", "age": 60}]

    assert app.get("/api/people/tr?age=1").json() == []
    assert app.post("/api/people/tr", json=people).text == "added"

    assert app.get("/api/people/tr?age=40").json() == [
        {"PartitionKey": "tr", "RowKey": "2", "age": 60}
    ]
    stored = app.table("people").get("tr", "1")
    assert stored is not None
    assert (stored["name"], stored["age"]) == ("Ada", 36)


def test_what_a_table_refuses(app: AppClient) -> None:
    people = [{"RowKey": "1"}]
    app.post("/api/people/tr", json=people)

    with pytest.raises(Failure, match=r"(?s)binding 'people'.*exists already"):
        app.post("/api/people/tr", json=people)
    assert app.post("/api/people/tr", json=people, raise_exceptions=False).status_code == 500
    refused = app.get("/api/people/tr?age=1 or true", raise_exceptions=False)
    assert refused.status_code == 500
    assert "Ada" not in refused.text


def test_warm_up_at_the_start_and_when_asked_for(app: AppClient) -> None:
    assert runs(app, "warm") == [[f"warm in process {os.getpid()}"]]
    assert app.get("/admin/warmup").status_code == 200
    assert len(runs(app, "warm")) == 2


def test_new_and_changed_blobs_run_their_functions(app: AppClient) -> None:
    app.blob("inbox/a/one.txt").write("first", metadata={"owner": "me"})
    app.blob("inbox/a/one.txt").write("second!")

    assert runs(app, "copied") == [
        ['copied ["inbox/a/one.txt", 5, {"owner": "me"}, "application/octet-stream"]'],
        ['copied ["inbox/a/one.txt", 7, {"owner": "me"}, "application/octet-stream"]'],
    ]
    names = app.blobs("outbox")
    assert sorted(app.blob(f"outbox/{name}").read() for name in names) == [b"FIRST", b"SECOND!"]
    assert all(re.fullmatch(r"a-one-[0-9a-f]{32}\.txt", name) for name in names)
    assert {record.reason for record in app.invocations if record.function == "copied"} == {
        "New blob detected(LogsAndContainerScan): inbox/a/one.txt"
    }


def test_a_stream_leads_to_a_stream(app: AppClient) -> None:
    app.blob("streams/large").write(LARGE)
    assert app.blob("streamed/large").read() == LARGE
    app.blob("streamed/large").delete()

    assert app.post("/admin/functions/streamed", json={"input": "streams/large"}).status_code == 202

    assert app.blob("streamed/large").read() == LARGE


def test_a_blob_that_fails_too_often_is_told_of(app: AppClient) -> None:
    app.blob("bad/x").write("123", raise_exceptions=False)

    failed = [record for record in app.invocations if record.function == "failing"]
    assert [str(record.error) for record in failed] == ["3 bytes of no use"] * 3
    (poison,) = app.queue("webjobs-blobtrigger-poison").messages()
    assert poison.json()["BlobName"] == "x"


def test_event_grid_tells_of_blobs(app: AppClient) -> None:
    hook = "/runtime/webhooks/blobs?functionName=Host.Functions.told"
    validation = {
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "data": {"validationCode": "abc"},
    }
    assert app.post(hook, json=[validation]).json() == {"validationResponse": "abc"}
    app.blob("events/1").write("the first")
    assert runs(app, "told") == [["told of the first"]]  # the embedded store tells by itself
    created = {
        "eventType": "Microsoft.Storage.BlobCreated",
        "subject": "/blobServices/default/containers/events/blobs/1",
    }

    assert app.post(hook, json=[created]).status_code == 202

    assert len(runs(app, "told")) == 1
    assert app.post(hook.replace("told", "copied!"), json=[]).status_code == 404


def test_an_app_of_folders_returns_a_blob() -> None:
    with open_app(APPS / "blobs_v1") as app:
        app.blob("incoming/x").write(b"abc\xff")

        assert app.blob("reversed/x").read() == b"\xffcba"
