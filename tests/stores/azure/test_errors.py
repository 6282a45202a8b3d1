"""No error of the SDKs passes the border as it is."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import pkgutil
from types import ModuleType
from typing import Any

import pytest

from lazulite.config.storage import parse_connection_string
from lazulite.errors import (
    AccessDenied,
    Conflict,
    LazuliteError,
    NotFound,
    StoreError,
    StoreUnavailable,
)
from lazulite.stores.azure import clients
from lazulite.stores.azure.account import open_azure
from lazulite.stores.azure.errors import BY_STATUS, MAPPED, border, translate
from tests.azurite import connection_string, free_ports

PACKAGES = ("azure.core", "azure.storage.blob", "azure.storage.queue", "azure.data.tables")
# the base of all, and what pollers and transports raise within
INTERNAL = {"AzureError", "BadStatus", "BadResponse", "OperationFailed", "ContinueRedirect"}


def modules(package: str) -> list[ModuleType]:
    root = importlib.import_module(package)
    found = [root, importlib.import_module("azure.identity")]
    for info in pkgutil.walk_packages(root.__path__, f"{package}."):
        try:
            found.append(importlib.import_module(info.name))
        except ImportError:  # a transport whose library is not installed
            continue
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_every_error_of_the_sdks_is_mapped(package: str) -> None:
    errors = {
        cls.__name__
        for module in modules(package)
        for cls in vars(module).values()
        if inspect.isclass(cls)
        and issubclass(cls, Exception)
        and cls.__module__.startswith("azure.")
        and not cls.__name__.startswith("_")
        and ".avro." not in cls.__module__  # change feeds and queries, which nothing here asks for
    }
    assert "HttpResponseError" in errors
    assert errors - INTERNAL - set(MAPPED) - set(BY_STATUS) == set()


class Response:
    reason = "because"

    def __init__(self, status: int) -> None:
        self.status_code = status


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "", StoreError),
        (400, "PopReceiptMismatch", Conflict),
        (401, "", AccessDenied),
        (403, "AuthorizationFailure", AccessDenied),
        (404, "QueueNotFound", NotFound),
        (408, "", StoreUnavailable),
        (409, "QueueAlreadyExists", Conflict),
        (409, "QueueBeingDeleted", StoreUnavailable),
        (412, "", Conflict),
        (429, "", StoreUnavailable),
        (500, "InternalError", StoreUnavailable),
        (503, "ServerBusy", StoreUnavailable),
    ],
)
def test_statuses(status: int, code: str, expected: type[LazuliteError]) -> None:
    from azure.core.exceptions import HttpResponseError

    error: Any = HttpResponseError(message="Said so.\nTime: 1", response=Response(status))  # type: ignore[arg-type]
    error.error_code = code
    translated = translate(error, "queue 'work'")
    assert type(translated) is expected
    assert "queue 'work'" in translated.message
    assert "\n" not in translated.message


def test_the_border_leaves_other_errors_alone() -> None:
    with pytest.raises(ZeroDivisionError), border("queue 'work'"):
        raise ZeroDivisionError
    with pytest.raises(NotFound, match="mine"), border("queue 'work'"):
        raise NotFound("mine")
    with pytest.raises(StoreUnavailable), border("queue 'work'"):
        raise asyncio.TimeoutError
    with pytest.raises(StoreUnavailable), border("queue 'work'"):
        raise ConnectionResetError("reset")


def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the SDKs try again without a pause."""
    for name in ("initial_backoff", "increment_base"):
        monkeypatch.setitem(clients._STORAGE_OPTIONS, name, 0)


def test_a_store_that_refuses_connections_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once(monkeypatch)
    ports = free_ports(3)

    async def main() -> None:
        account = open_azure(parse_connection_string(connection_string(*ports)))
        calls = (
            account.queues.receive("work", 1, 60),
            account.blobs.properties("files", "b"),
            account.tables.query("items", "", None),
            account.state.read("locks/host"),
            account.state.leases().acquire("locks/host", "me", 15),
        )
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(result) for result in results] == [StoreUnavailable] * 5
        await account.close()

    asyncio.run(main())


def test_a_store_that_hangs_up_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once(monkeypatch)

    async def main() -> None:
        server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        account = open_azure(parse_connection_string(connection_string(port, port, port)))
        with pytest.raises(StoreUnavailable, match="queue 'work' cannot be reached"):
            await account.queues.receive("work", 1, 60)
        await account.close()
        server.close()

    asyncio.run(main())


@pytest.mark.azurite
def test_a_wrong_key_is_refused(azurite: str) -> None:
    wrong = "d3Jvbmc="
    parts = [f"AccountKey={wrong}" if p.startswith("AccountKey") else p for p in azurite.split(";")]

    async def main() -> None:
        account = open_azure(parse_connection_string(";".join(parts)))
        with pytest.raises(AccessDenied, match="queue 'work' is refused"):
            await account.queues.receive("work", 1, 60)
        with pytest.raises(AccessDenied, match="files/b' is refused"):
            await account.blobs.properties("files", "b")
        await account.close()

    asyncio.run(main())
