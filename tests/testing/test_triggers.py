from __future__ import annotations

import pytest

from lazulite.errors import UsageError
from lazulite.testing import AppClient, open_app
from lazulite.testing.records import Failure
from tests.testing.conftest import KIT


def test_a_request_leads_to_a_message_and_that_to_another(either: AppClient) -> None:
    assert either.post("/api/order", data="tea").text == "ordered"

    assert either.queue("done").receive() == ["done: tea"]
    assert either.queue("orders").length() == 0


def test_messages_of_every_sort(client: AppClient) -> None:
    client.queue("orders").send("text", b"bytes", {"a": 1})

    assert sorted(client.queue("done").messages()) == [
        "done: bytes",
        "done: text",
        'done: {"a": 1}',
    ]


def test_what_fails_too_often_is_poison(either: AppClient) -> None:
    before = len(either.invocations)

    either.queue("orders").send("bad", raise_exceptions=False)

    (message,) = either.queue("orders").poison.receive()
    assert message == "bad"
    attempts = either.invocations[before:]
    assert [record.function for record in attempts] == ["work"] * 3
    assert [record.messages for record in attempts] == [
        [f"working on bad, attempt {number}"] for number in (1, 2, 3)
    ]
    assert all("cannot work on this" in str(record.error) for record in attempts)


def test_the_exception_of_a_triggered_function_reaches_the_test(client: AppClient) -> None:
    with pytest.raises(ValueError, match="cannot work on this"):
        client.post("/api/order", data="bad")

    assert [record.function for record in client.failures] == ["work"]
    assert client.queue("orders").poison.messages() == ["bad"]


def test_retries_are_seen_and_not_waited_for(client: AppClient) -> None:
    client.queue("flaky").send("x")

    attempts = [record for record in client.invocations if record.function == "flaky"]
    assert [record.attempt for record in attempts] == [0, 1, 2]
    assert [type(record.error) for record in attempts] == [
        ConnectionError,
        ConnectionError,
        type(None),
    ]
    assert len({record.id for record in attempts}) == 1
    assert client.failures == []


def test_a_function_run_by_hand(either: AppClient) -> None:
    record = either.run("work", "by hand")

    assert record.ok
    assert record.outputs == {"$return": "done: by hand"}
    assert either.queue("done").receive() == ["done: by hand"]


def test_what_a_run_by_hand_raises(client: AppClient) -> None:
    with pytest.raises(ValueError, match="cannot work on this"):
        client.run("work", "bad")

    record = client.run("work", "bad", raise_exceptions=False)
    assert isinstance(record.error, ValueError)
    assert not record.ok


def test_what_cannot_be_run(either: AppClient) -> None:
    with pytest.raises(UsageError, match="no function 'missing'"):
        either.run("missing")
    with pytest.raises(UsageError, match="by its URL"):
        either.run("item")
    with pytest.raises(UsageError, match="is no timer"):
        either.timer("work")


def test_triggers_can_be_left_out() -> None:
    with open_app(KIT, triggers=False) as client:
        client.post("/api/order", data="tea")

        assert client.queue("orders").messages() == ["tea"]
        assert [record.function for record in client.invocations] == ["order"]


def test_the_storage_can_be_kept(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("storage")
    with open_app(KIT, storage=folder) as client:
        client.queue("done").send("first")
    with open_app(KIT, storage=folder) as client:
        assert client.queue("done").messages() == ["first"]


def test_storage_of_one_app_is_not_that_of_the_next(client: AppClient) -> None:
    client.queue("done").send("x")

    with open_app(KIT) as other:
        assert other.queue("done").messages() == []


def test_tables_and_blobs(either: AppClient) -> None:
    either.blob("box/a/b.txt").write("text")
    either.blob("box/c.json").write({"a": 1})
    either.table("people").write({"PartitionKey": "p", "RowKey": "r", "Age": 36})

    assert either.blob("box/a/b.txt").read() == b"text"
    assert either.blob("box/c.json").json() == {"a": 1}
    assert either.blobs("box", "a/") == ["a/b.txt"]
    assert not either.blob("box/none").exists()
    found = either.table("people").get("p", "r")
    assert found is not None
    assert found["Age"] == 36
    assert either.table("people").get("p", "none") is None


def test_a_blob_leads_to_another(client: AppClient) -> None:
    client.blob("notes/first.txt").write("hello")
    client.blob("notes/first.txt").write("hello again")

    assert client.blob("copies/first.txt").text() == "HELLO AGAIN"
    assert client.blobs("copies") == ["first.txt"]
    assert client.get("/api/notes/first").text == "hello again"
    assert client.get("/api/notes/none").text == "no such note"


def test_a_blob_whose_function_fails(client: AppClient) -> None:
    with pytest.raises(ValueError, match="cannot copy this"):
        client.blob("notes/x.txt").write("bad")

    (message,) = client.queue("webjobs-blobtrigger-poison").messages()
    assert message.json()["BlobName"] == "x.txt"


def test_a_blob_over_a_process(process: AppClient) -> None:
    process.blob("notes/second.txt").write("hello")

    assert process.blob("copies/second.txt").text() == "HELLO"


def test_two_connections_are_two_accounts() -> None:
    with open_app(KIT, settings={"Other": "AccountName=other"}) as client:
        client.queue("box", connection="Other").send("x")

        assert client.queue("box", connection="Other").messages() == ["x"]
        assert client.queue("box").messages() == []
        assert client.queue("box", connection="NotSet").messages() == []


def test_an_output_that_cannot_be_written(client: AppClient) -> None:
    with pytest.raises(Failure, match="65539"):
        client.queue("orders").send("x" * 65533)

    assert client.failures[0].returned == "done: " + "x" * 65533


def test_the_report_of_an_invocation(client: AppClient) -> None:
    client.get("/api/items/3")

    (record,) = client.invocations
    assert str(record).splitlines()[1:] == ["    [Information] asked for 3"]
    assert record.returned.status_code == 200
    assert record.duration > 0


@pytest.mark.parametrize("attempt", range(5))
def test_a_run_by_the_admin_api_comes_to_rest(client: AppClient, attempt: int) -> None:
    answer = client.post("/admin/functions/work", json={"input": "tea"})

    assert answer.status_code == 202
    assert client.queue("done").messages() == ["done: tea"]
