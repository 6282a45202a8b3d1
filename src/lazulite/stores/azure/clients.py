"""The SDK clients of one account, each imported and made when it is first asked for."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from lazulite.config.storage import Identity, Service, StorageConnection
from lazulite.errors import StoreError

if TYPE_CHECKING:
    from azure.data.tables.aio import TableServiceClient
    from azure.storage.blob.aio import BlobServiceClient
    from azure.storage.queue.aio import QueueServiceClient

INSTALL = 'Install the SDKs: pip install "lazulite[azure]"'
# Listeners try again by themselves, with back-off: the SDKs' own patience (minutes) would only
# keep the reason from the log.
_OPTIONS: Mapping[str, Any] = {"connection_timeout": 5, "read_timeout": 60, "retry_total": 1}
_STORAGE_OPTIONS: Mapping[str, Any] = {
    **_OPTIONS,
    "initial_backoff": 1,
    "increment_base": 1,
    "random_jitter_range": 0,
}


class Clients:
    """Service clients, each with a pool of connections that all its users share."""

    def __init__(self, connection: StorageConnection) -> None:
        self.connection = connection
        self._made: dict[Service, Any] = {}
        self._credential: Any = None
        self._making = asyncio.Lock()

    async def blobs(self) -> BlobServiceClient:
        client: BlobServiceClient = self._made.get("blob") or await self._make(
            "blob", self._make_blobs
        )
        return client

    async def queues(self) -> QueueServiceClient:
        client: QueueServiceClient = self._made.get("queue") or await self._make(
            "queue", self._make_queues
        )
        return client

    async def tables(self) -> TableServiceClient:
        client: TableServiceClient = self._made.get("table") or await self._make(
            "table", self._make_tables
        )
        return client

    async def close(self) -> None:
        for client in self._made.values():
            await client.close()
        self._made.clear()
        if hasattr(self._credential, "close"):
            await self._credential.close()

    async def _make(self, service: Service, make: Callable[[], Any]) -> Any:
        async with self._making:
            if service not in self._made:
                module = (
                    "azure.data.tables.aio"
                    if service == "table"
                    else f"azure.storage.{service}.aio"
                )
                # the imports take a second or two: other tasks go on
                await asyncio.to_thread(import_sdk, module)
                if self._credential is None:
                    if self.connection.identity is not None:
                        await asyncio.to_thread(import_sdk, "azure.identity.aio")
                    self._credential = _credential(self.connection)
                self._made[service] = make()
            return self._made[service]

    def _make_blobs(self) -> BlobServiceClient:
        from azure.storage.blob.aio import BlobServiceClient

        return BlobServiceClient(
            self.connection.endpoint("blob"), credential=self._credential, **_STORAGE_OPTIONS
        )

    def _make_queues(self) -> QueueServiceClient:
        from azure.storage.queue.aio import QueueServiceClient

        return QueueServiceClient(
            self.connection.endpoint("queue"), credential=self._credential, **_STORAGE_OPTIONS
        )

    def _make_tables(self) -> TableServiceClient:
        from azure.data.tables.aio import TableServiceClient

        return TableServiceClient(
            self.connection.endpoint("table"), credential=self._credential, **_OPTIONS
        )


def import_sdk(module: str) -> None:
    """Import a module of the SDKs. Raises StoreError saying what to install."""
    try:
        importlib.import_module(module)
    except ImportError as error:
        raise StoreError(
            f"Azure Storage needs the package that has '{module}' ({error}).", hint=INSTALL
        ) from error


def _credential(connection: StorageConnection) -> Any:
    from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential

    if connection.identity is not None:
        return _identity(connection.identity)
    if connection.sas is not None:
        return AzureSasCredential(connection.sas)
    return AzureNamedKeyCredential(connection.account or "", connection.key or "")


def _identity(identity: Identity) -> Any:
    from azure.identity import aio

    if identity.client_secret and identity.client_id and identity.tenant_id:
        return aio.ClientSecretCredential(
            identity.tenant_id, identity.client_id, identity.client_secret
        )
    if identity.credential == "managedidentity":
        if identity.resource_id:
            return aio.ManagedIdentityCredential(
                identity_config={"resource_id": identity.resource_id}
            )
        return aio.ManagedIdentityCredential(client_id=identity.client_id)
    if identity.credential == "workloadidentity":
        return aio.WorkloadIdentityCredential(
            tenant_id=identity.tenant_id, client_id=identity.client_id
        )
    return aio.DefaultAzureCredential(managed_identity_client_id=identity.client_id)
