"""The host's documents and leases as blobs, in the original's layout."""

from __future__ import annotations

import builtins
import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from lazulite.abc import Document, LeaseStore
from lazulite.errors import Conflict, NotFound, StoreError
from lazulite.stores.azure.blobs import AzureBlobs, quoted
from lazulite.stores.azure.clients import Clients
from lazulite.stores.azure.errors import border, error_code
from lazulite.stores.leases import OWNER, lease_id

if TYPE_CHECKING:
    from azure.storage.blob.aio import BlobClient

SHORTEST_LEASE, LONGEST_LEASE = 15, 60


class AzureState:
    """abc.StateStore over the blob service: a path is a container and a blob in it."""

    def __init__(self, clients: Clients, blobs: AzureBlobs) -> None:
        self._clients = clients
        self._blobs = blobs

    async def read(self, path: str) -> Document | None:
        client = await _blob(self._clients, path)
        with suppress(NotFound), border(f"document '{path}'"):
            stream = await client.download_blob()
            body = await stream.readall()
            properties = stream.properties
            return Document(body, quoted(properties.etag), dict(properties.metadata or {}))
        return None

    async def write(
        self, path: str, body: bytes, *, version: str | None = None, create: bool = False
    ) -> str:
        client = await _blob(self._clients, path)
        conditions: dict[str, Any] = {}
        if version is not None:
            from azure.core import MatchConditions

            conditions = {"etag": version, "match_condition": MatchConditions.IfNotModified}

        async def send() -> str:
            with border(f"document '{path}'"):
                written = await client.upload_blob(body, overwrite=not create, **conditions)
                return quoted(written["etag"])

        try:
            return await send()
        except NotFound:
            await self._blobs.create(client.container_name)
            try:
                return await send()
            except NotFound:  # how some answer a condition on a blob that is not there
                raise Conflict(f"'{path}' was changed since it was read.") from None

    async def delete(self, path: str) -> None:
        client = await _blob(self._clients, path)
        with suppress(NotFound), border(f"document '{path}'"):
            await client.delete_blob(delete_snapshots="include")

    async def list(self, prefix: str) -> builtins.list[str]:
        container, _, start = prefix.partition("/")
        with suppress(NotFound):
            found = self._blobs.list(container, prefix=start)
            return [f"{container}/{blob.name}" async for blob in found]
        return []

    def leases(self) -> LeaseStore:
        return AzureLeases(self._clients, self._blobs)


class AzureLeases:
    """abc.LeaseStore by blob leases. Durations outside 15-60 s become the nearest of these."""

    def __init__(self, clients: Clients, blobs: AzureBlobs) -> None:
        self._clients = clients
        self._blobs = blobs

    async def acquire(self, path: str, owner: str, seconds: float) -> str | None:
        client = await _blob(self._clients, path)
        lease = lease_id(path, owner)
        duration = _bounded(seconds)
        with border(f"lease '{path}'"):
            try:
                await client.acquire_lease(duration, lease_id=lease)
            except Exception as error:
                if error_code(error) == "LeaseAlreadyPresent":
                    return None
                if error_code(error) not in ("BlobNotFound", "ContainerNotFound"):
                    raise
                return await self._acquire_new(client, path, owner, duration)
            await client.set_blob_metadata({OWNER: owner}, lease=lease)
        return lease

    async def renew(self, path: str, lease: str, seconds: float) -> bool:
        from azure.storage.blob.aio import BlobLeaseClient

        client = await _blob(self._clients, path)
        with suppress(NotFound, Conflict), border(f"lease '{path}'"):
            # a lease cannot change its duration when renewed: acquiring it again can
            await BlobLeaseClient(client, lease).renew()
            return True
        return False

    async def release(self, path: str, lease: str) -> None:
        from azure.storage.blob.aio import BlobLeaseClient

        client = await _blob(self._clients, path)
        with suppress(NotFound, Conflict), border(f"lease '{path}'"):
            await BlobLeaseClient(client, lease).release()

    async def _acquire_new(
        self, client: BlobClient, path: str, owner: str, duration: int
    ) -> str | None:
        await self._blobs.create(client.container_name)
        with suppress(Conflict), border(f"lease '{path}'"):
            await client.upload_blob(b"", overwrite=False)
        return await self.acquire(path, owner, duration)


def _bounded(seconds: float) -> int:
    return min(max(math.ceil(seconds), SHORTEST_LEASE), LONGEST_LEASE)


async def _blob(clients: Clients, path: str) -> BlobClient:
    container, slash, name = path.partition("/")
    if not slash or not name:
        raise StoreError(f"'{path}' is no path of a document: it has no container.")
    return (await clients.blobs()).get_blob_client(container, name)
