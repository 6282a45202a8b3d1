from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from lazulite.errors import StoreError
from lazulite.host.storage import HostAccounts, HostState
from tests.bindings.context import Lines
from tests.stores.azure.test_errors import at_once


def test_nothing_is_opened_before_its_first_use(tmp_path: Path) -> None:
    async def main() -> None:
        log = Lines()
        accounts = HostAccounts(str(tmp_path), {}, {}, log)
        state = HostState(accounts)
        assert log.lines == []
        assert await state.read("a/b") is None
        version = await state.write("a/b", b"x", create=True)
        assert await state.list("a") == ["a/b"]
        await state.write("a/b", b"y", version=version)
        assert await state.leases().acquire("a/lock", "me", 15)
        await state.delete("a/b")
        assert await state.read("a/b") is None
        await accounts.close()
        (line,) = log.having("The embedded store serves storage")
        assert f"Its files are in {tmp_path}/.lazulite" in line

    asyncio.run(main())
    assert (tmp_path / ".lazulite").is_dir()


def test_messages_are_base64_unless_host_json_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once(monkeypatch)
    # binary is refused before anything is sent when messages are plain text
    settings = {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}
    settings["Real"] = (
        "AccountName=a;AccountKey=a2V5;QueueEndpoint=http://127.0.0.1:1/a;"
        "BlobEndpoint=http://127.0.0.1:1/a;TableEndpoint=http://127.0.0.1:1/a"
    )

    async def refusal(queues: dict[str, str]) -> str:
        accounts = HostAccounts(str(tmp_path), settings, queues, Lines())
        try:
            await accounts.get("Real", "f", "b").queues.put("queue", [b"\xff"])
        except StoreError as error:
            return str(error)
        finally:
            await accounts.close()
        return ""

    assert "messageEncoding is 'none'" in asyncio.run(refusal({"messageEncoding": "None"}))

    for queues in ({}, {"messageEncoding": "base64"}):
        assert "cannot be reached" in asyncio.run(refusal(queues))
