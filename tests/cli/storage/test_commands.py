"""`func storage` on the embedded store of an app."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from lazulite.host.storage import HostAccounts
from tests.cli.conftest import Func


@pytest.fixture(params=["embedded", pytest.param("azurite", marks=pytest.mark.azurite)])
def app(request: pytest.FixtureRequest, func: Func, v2: Path) -> Path:
    """An app without storage of its own, or with an account at the emulator."""
    if request.param == "azurite":
        account = request.getfixturevalue("azurite")
        func("settings", "add", "AzureWebJobsStorage", account, cwd=v2)
    return v2


def test_the_same_words_for_every_store(func: Func, app: Path) -> None:
    name = f"t{uuid.uuid4().hex}"

    def storage(*args: str) -> str:
        return func("storage", *args, cwd=app).out

    storage("queue", "create", name)
    storage("queue", "put", name, "one", "two", "--ttl", "60")
    assert storage("queue", "length", name) == "2\n"
    assert {"name": name, "messages": 2} in json.loads(storage("queue", "list", "--json"))
    peeked = json.loads(storage("queue", "peek", name, "--json"))
    assert sorted(m["body"] for m in peeked) == ["one", "two"]
    storage("queue", "clear", name)
    assert storage("queue", "length", name) == "0\n"
    storage("queue", "delete", name)
    assert name not in storage("queue", "list")
    storage("blob", "put", f"{name}/a/b.txt", "--data", "milk", "-m", "by=me")
    assert storage("blob", "get", f"{name}/a/b.txt") == "milk"
    (found,) = json.loads(storage("blob", "list", f"{name}/a/", "--json"))
    assert (found["name"], found["length"], found["metadata"]) == ("a/b.txt", 4, {"by": "me"})
    assert name in storage("blob", "containers").splitlines()
    storage("blob", "delete", f"{name}/a/b.txt")
    assert func("storage", "blob", "get", f"{name}/a/b.txt", cwd=app, code=1).err
    tea = {"PartitionKey": "tea", "RowKey": "1", "Price": 3, "At": "2026-03-01T09:30:00.000000Z"}
    tea["At@odata.type"] = "Edm.DateTime"
    storage("table", "put", name, json.dumps(tea))
    storage("table", "put", name, json.dumps(tea))
    assert json.loads(storage("table", "query", name, "--filter", "Price eq 3L", "--json")) == [tea]
    assert name in storage("table", "list").splitlines()
    storage("table", "delete", name, "tea", "1")
    assert storage("table", "query", name, "--json") == "[]\n"
    storage("table", "drop", name)


def test_a_message_from_put_to_clear(func: Func, v2: Path) -> None:
    assert func("storage", "queue", "list", cwd=v2).out == "There are no queues.\n"
    (v2 / "order.json").write_text('{"tea": 2}')
    said = func("storage", "queue", "put", "orders", "one", "@order.json", "@@x", cwd=v2).out
    assert said == "Put 3 messages into queue 'orders' of the embedded store.\n"
    assert func("storage", "queue", "length", "orders", cwd=v2).out == "3\n"
    assert func("storage", "queue", "list", cwd=v2).out.split() == [
        "QUEUE",
        "MESSAGES",
        "orders",
        "3",
    ]
    peeked = json.loads(func("storage", "queue", "peek", "orders", "--json", cwd=v2).out)
    assert [m["body"] for m in peeked] == ["one", '{"tea": 2}', "@x"]
    shown = func("storage", "queue", "peek", "orders", "-n", "1", cwd=v2).out.splitlines()
    assert shown[0].split() == ["ID", "PUT", "AT", "TRIES", "MESSAGE"]
    assert shown[1].startswith(peeked[0]["id"])
    assert shown[1].endswith("  0  one")
    func("storage", "queue", "clear", "orders", cwd=v2)
    assert func("storage", "queue", "peek", "orders", cwd=v2).out == (
        "No message of queue 'orders' is visible.\n"
    )
    func("storage", "queue", "delete", "orders", cwd=v2)
    assert func("storage", "queue", "list", "--json", cwd=v2).out == "[]\n"
    func("storage", "queue", "create", "later", cwd=v2)
    assert json.loads(func("storage", "queue", "list", "--json", cwd=v2).out) == [
        {"name": "later", "messages": 0}
    ]


def test_a_delayed_message_is_there_and_not_visible(func: Func, v2: Path) -> None:
    func("storage", "queue", "put", "orders", "x", "--delay", "600", "--ttl", "-1", cwd=v2)
    assert func("storage", "queue", "length", "orders", cwd=v2).out == "1\n"
    assert json.loads(func("storage", "queue", "peek", "orders", "--json", cwd=v2).out) == []


def piped(cwd: Path, given: bytes, *args: str) -> bytes:
    done = subprocess.run(
        [sys.executable, "-m", "lazulite.cli", *args], cwd=cwd, input=given, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_standard_input(func: Func, v2: Path) -> None:
    piped(v2, b"one\n\ntwo\n", "storage", "queue", "put", "orders", "-", "--lines")
    peeked = json.loads(func("storage", "queue", "peek", "orders", "--json", cwd=v2).out)
    assert [m["body"] for m in peeked] == ["one", "two"]
    content = bytes(range(256))
    piped(v2, content, "storage", "blob", "put", "samples/all", "-")
    assert piped(v2, b"", "storage", "blob", "get", "samples/all") == content
    piped(v2, b"\xff\n", "storage", "queue", "put", "raw", "-")
    assert "<2 bytes>" in func("storage", "queue", "peek", "raw", cwd=v2).out
    peeked = json.loads(func("storage", "queue", "peek", "raw", "--json", cwd=v2).out)
    assert base64.b64decode(peeked[0]["bodyBase64"]) == b"\xff\n"


def test_a_blob_from_put_to_delete(func: Func, v2: Path) -> None:
    assert func("storage", "blob", "containers", cwd=v2).out == "There are no containers.\n"
    (v2 / "note.txt").write_text("milk")
    said = func("storage", "blob", "put", "samples/in/", "note.txt", "-m", "by=me", cwd=v2).out
    assert said == "Wrote blob 'samples/in/note.txt' (4 bytes) of the embedded store.\n"
    func("storage", "blob", "put", "samples/b", "--data", "bee", cwd=v2)
    assert func("storage", "blob", "containers", cwd=v2).out == "samples\n"
    listed = json.loads(func("storage", "blob", "list", "samples", "--json", cwd=v2).out)
    assert [(b["name"], b["length"], b["metadata"]) for b in listed] == [
        ("b", 3, {}),
        ("in/note.txt", 4, {"by": "me"}),
    ]
    shown = func("storage", "blob", "list", "samples/in/", cwd=v2).out.splitlines()
    assert shown[1].startswith("in/note.txt      4  20")
    assert len(shown) == 2
    assert func("storage", "blob", "get", "samples/b", cwd=v2).out == "bee"
    func("storage", "blob", "get", "samples/in/note.txt", "copy.txt", cwd=v2)
    assert (v2 / "copy.txt").read_text() == "milk"
    func("storage", "blob", "delete", "samples/b", cwd=v2)
    assert "samples/b" in func("storage", "blob", "delete", "samples/b", cwd=v2, code=1).err
    assert not [name for name in os.listdir(v2) if name.startswith(".func-blob-")]


def test_a_table_from_put_to_drop(func: Func, v2: Path) -> None:
    assert func("storage", "table", "list", cwd=v2).out == "There are no tables.\n"
    tea = {"PartitionKey": "tea", "RowKey": "1", "Price": 3, "Hot": True}
    said = func("storage", "table", "put", "items", json.dumps(tea), cwd=v2).out
    assert said == "Wrote 1 entity into table 'items' of the embedded store.\n"
    more = [{**tea, "RowKey": "2", "Price": 5}, {**tea, "Price": 4}]
    (v2 / "more.json").write_text(json.dumps(more))
    func("storage", "table", "put", "items", "@more.json", cwd=v2)
    query = ["storage", "table", "query", "items"]
    assert json.loads(func(*query, "--json", cwd=v2).out) == [more[1], more[0]]
    found = func(*query, "--filter", "Price gt 4", cwd=v2).out.splitlines()
    assert [line.split() for line in found] == [
        ["PartitionKey", "RowKey", "Price", "Hot"],
        ["tea", "2", "5", "true"],
    ]
    assert len(json.loads(func(*query, "-n", "1", "--json", cwd=v2).out)) == 1
    twice = func("storage", "table", "put", "items", json.dumps(tea), "--insert", cwd=v2, code=1)
    assert twice.err
    func("storage", "table", "delete", "items", "tea", "1", cwd=v2)
    func("storage", "table", "delete", "items", "tea", "2", cwd=v2)
    assert func(*query, cwd=v2).out == "There are no such entities.\n"
    assert func("storage", "table", "list", cwd=v2).out == "items\n"
    func("storage", "table", "drop", "items", cwd=v2)
    assert func("storage", "table", "list", "--json", cwd=v2).out == "[]\n"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["queue", "length", "nowhere"], "nowhere"),
        (["queue", "put", "No_Name", "x"], "No_Name"),
        (["queue", "put", "orders", "@nowhere.json"], "nowhere.json cannot be read"),
        (["blob", "list", "nowhere"], "nowhere"),
        (["blob", "put", "samples/x"], "give one of them"),
        (["blob", "put", "samples/x", "nowhere.txt"], "There is no file"),
        (["blob", "put", "samples", "--data", "x"], "'samples' names no blob"),
        (["blob", "put", "samples/x", "--data", "x", "-m", "y"], "--metadata: 'y'"),
        (["blob", "get", "samples/x"], "samples"),
        (["table", "query", "nowhere"], "nowhere"),
        (["table", "put", "items", "{"], "not JSON"),
        (["table", "put", "items", "{}"], "no PartitionKey"),
    ],
)
def test_what_cannot_be_done_is_one_message(
    func: Func, v2: Path, args: list[str], said: str
) -> None:
    done = func("storage", *args, cwd=v2, code=1)
    assert said in done.err
    assert done.out == ""


def test_others_see_what_the_shell_puts(func: Func, v2: Path) -> None:
    async def look() -> list[bytes]:
        account = HostAccounts(str(v2), {}, {}, lambda *record: None).get("", "", "")
        try:
            await account.queue_admin.create("orders")
            arrived = account.queues.arrived("orders")
            await asyncio.to_thread(
                piped, v2, b"", "storage", "queue", "put", "orders", "from the shell"
            )
            await asyncio.wait_for(arrived, 30)
            return [m.body for m in await account.queues.receive("orders", 32, 30)]
        finally:
            await account.close()

    assert asyncio.run(look()) == [b"from the shell"]
