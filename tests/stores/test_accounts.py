"""Which store serves which connection."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lazulite.abc import Account
from lazulite.config import storage
from lazulite.errors import SettingError
from lazulite.stores import accounts as module
from lazulite.stores.accounts import StorageAccounts
from tests.azurite import connection_string, free_ports, listening

CLOUD = "DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=a2V5;EndpointSuffix=core.test"


@pytest.fixture
def log() -> list[str]:
    return []


@contextmanager
def opened(folder: Path, log: list[str], **settings: str) -> Iterator[StorageAccounts]:
    accounts = StorageAccounts(
        settings, str(folder / ".lazulite"), log=lambda level, category, text: log.append(text)
    )
    yield accounts
    asyncio.run(accounts.close())


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The emulator's ports, moved to where nothing listens."""
    ports = free_ports(3)
    moved = dict(zip(("blob", "queue", "table"), ports, strict=True))
    monkeypatch.setattr(storage, "_DEVELOPMENT_PORTS", moved)
    return ports


def test_no_settings_mean_the_embedded_store(tmp_path: Path, log: list[str]) -> None:
    with opened(tmp_path, log) as accounts:
        account = accounts.get("", "", "")
        assert account.kind == "embedded"
        for name in ("AzureWebJobsStorage", "azurewebjobsstorage", "Storage"):
            assert accounts.get(name, "f", "b") is account
    assert log == [
        "The embedded store serves storage (AzureWebJobsStorage is not set). "
        f"Its files are in {tmp_path}/.lazulite/devstoreaccount1."
    ]


def test_the_embedded_store_works_where_the_log_says(tmp_path: Path, log: list[str]) -> None:
    async def put(account: Account) -> None:
        await account.queues.put("work", [b"x"])
        await account.close()

    with opened(tmp_path, log) as accounts:
        asyncio.run(put(accounts.get("", "", "")))
    assert (tmp_path / ".lazulite" / "devstoreaccount1" / "store.db").exists()


def test_development_storage_without_emulator(
    tmp_path: Path, log: list[str], ports: list[int]
) -> None:
    with opened(tmp_path, log, Mine="UseDevelopmentStorage=true") as accounts:
        assert accounts.get("Mine", "f", "b") is accounts.get("", "f", "b")
    assert len(log) == 1
    assert f"no emulator listens on ports {ports[0]}, {ports[1]}, {ports[2]}" in log[0]


def test_development_storage_with_emulator(
    tmp_path: Path, log: list[str], ports: list[int]
) -> None:
    with (
        listening(ports[1]),
        opened(tmp_path, log, AzureWebJobsStorage="UseDevelopmentStorage=true") as accounts,
    ):
        account = accounts.get("", "f", "b")
        assert (account.kind, account.name) == ("azure", "devstoreaccount1")
    assert log == []


def test_names_of_one_account_share_it(tmp_path: Path, log: list[str]) -> None:
    settings = {"AzureWebJobsOne": CLOUD, "Two": f"{CLOUD};", "Three__accountName": "acme"}
    with opened(tmp_path, log, **settings) as accounts:
        one = accounts.get("One", "f", "b")
        assert (one.kind, one.name) == ("azure", "acme")
        assert accounts.get("Two", "f", "b") is one
        assert accounts.get("Three", "f", "b") is not one


def test_a_missing_connection_names_who_wants_it(tmp_path: Path, log: list[str]) -> None:
    with opened(tmp_path, log) as accounts, pytest.raises(SettingError) as raised:
        accounts.get("Mine", "resize", "images")
    assert "'AzureWebJobsMine' does not exist" in str(raised.value)
    assert "function 'resize', binding 'images'" in str(raised.value)


def test_missing_sdks_are_named_with_what_to_install(
    tmp_path: Path, log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PACKAGES", ("azure.nothing.here", "nothing_here"))
    with opened(tmp_path, log, Mine=CLOUD) as accounts, pytest.raises(SettingError) as raised:
        accounts.get("Mine", "f", "b")
    assert "azure.nothing.here, nothing_here are not installed" in str(raised.value)
    assert 'pip install "lazulite[azure]"' in str(raised.value)


def test_no_sdk_is_imported_before_its_first_use() -> None:
    program = f"""
import sys
from lazulite.stores.accounts import StorageAccounts
accounts = StorageAccounts({{"Mine": {connection_string(1, 2, 3)!r}}}, "nowhere")
assert accounts.get("Mine", "f", "b").kind == "azure"
accounts.get("", "f", "b")
loaded = [name for name in sys.modules if name.split(".")[0] in ("azure", "aiohttp", "msal")]
print([name for name in loaded if name not in ("azure", "azure.storage", "azure.data")])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")
