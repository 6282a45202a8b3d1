"""Blobs in Azure Storage."""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import suppress
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from lazulite.abc import BlobProperties
from lazulite.errors import Conflict, NotFound, StoreError
from lazulite.stores.azure.clients import Clients
from lazulite.stores.azure.errors import border, error_code
from lazulite.stores.hints import Hints
from lazulite.stores.names import check_blob, check_container

if TYPE_CHECKING:
    from azure.storage.blob.aio import BlobClient, ContainerClient

_PARALLEL_PIECES = 2  # of 4 MiB: what a transfer holds in memory
_TRIES = 20


class AzureBlobs:
    """abc.BlobStore and abc.BlobAdmin over the blob service: block blobs.

    A block blob's pieces become its content at once, at the end; a download that the blob's
    replacement interrupts is begun again.
    """

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._hints = Hints()

    async def properties(self, container: str, name: str) -> BlobProperties:
        client = await self._blob(container, name)
        with border(f"blob '{container}/{name}'"):
            return self._properties(container, await client.get_blob_properties())

    async def download(self, container: str, name: str, path: str) -> BlobProperties:
        client = await self._blob(container, name)
        for attempt in range(_TRIES):
            try:
                with border(f"blob '{container}/{name}'"):
                    stream = await client.download_blob(max_concurrency=_PARALLEL_PIECES)
                    with _opened(path, "wb") as file:
                        await stream.readinto(file)
                    return self._properties(container, stream.properties)
            except Conflict:
                if attempt == _TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    async def upload(
        self, container: str, name: str, source: bytes | str, *, metadata: Mapping[str, str]
    ) -> BlobProperties:
        check_container(container)
        check_blob(name)
        client = await self._blob(container, name)
        try:
            kept = (await self.properties(container, name)).metadata
        except NotFound:
            kept = {}
            if isinstance(source, str):  # many requests: see that none meets a missing container
                await self.create(container)
        merged = {**kept, **metadata}
        try:
            written = await _send(client, source, merged)
        except NotFound:
            await self.create(container)
            written = await _send(client, source, merged)
        self._hints.notify((("containers", container),))
        return BlobProperties(
            container=container,
            name=name,
            length=written["length"],
            etag=quoted(written["etag"]),
            last_modified=_utc(written["last_modified"]),
            uri=self._uri(container, name),
            metadata=merged,
        )

    async def delete(self, container: str, name: str) -> None:
        client = await self._blob(container, name)
        with suppress(NotFound), border(f"blob '{container}/{name}'"):
            await client.delete_blob(delete_snapshots="include")
        self._hints.notify((("containers", container),))

    def changed(self, container: str) -> Awaitable[None]:
        return self._hints.wait(("containers", container))

    async def containers(self) -> builtins.list[str]:
        service = await self._clients.blobs()
        with border("list of containers"):
            return sorted([str(c.name) async for c in service.list_containers()])

    async def create(self, container: str) -> None:
        client = await self._container(container)
        with border(f"container '{container}'"):
            try:
                await client.create_container()
            except Exception as error:
                if error_code(error) != "ContainerAlreadyExists":
                    raise

    async def drop(self, container: str) -> None:
        client = await self._container(container)
        with border(f"container '{container}'"):
            await client.delete_container()
        self._hints.notify((("containers", container),))

    async def list(self, container: str, *, prefix: str = "") -> AsyncIterator[BlobProperties]:
        client = await self._container(container)
        with border(f"container '{container}'"):
            found = client.list_blobs(name_starts_with=prefix or None, include=["metadata"])
            async for blob in found:
                yield self._properties(container, blob)

    async def _container(self, container: str) -> ContainerClient:
        check_container(container)
        return (await self._clients.blobs()).get_container_client(container)

    async def _blob(self, container: str, name: str) -> BlobClient:
        return (await self._clients.blobs()).get_blob_client(container, name)

    def _uri(self, container: str, name: str) -> str:
        return f"{self._clients.connection.endpoint('blob')}/{container}/{quote(name)}"

    def _properties(self, container: str, blob: Any) -> BlobProperties:
        return BlobProperties(
            container=container,
            name=blob.name,
            length=blob.size,
            etag=quoted(blob.etag),
            last_modified=_utc(blob.last_modified),
            uri=self._uri(container, blob.name),
            content_type=blob.content_settings.content_type or "application/octet-stream",
            metadata=dict(blob.metadata or {}),
        )


async def _send(
    client: BlobClient, source: bytes | str, metadata: Mapping[str, str]
) -> dict[str, Any]:
    with border(f"container '{client.container_name}'"):
        if isinstance(source, bytes):
            written = await client.upload_blob(source, overwrite=True, metadata=dict(metadata))
            return {**written, "length": len(source)}
        with _opened(source, "rb") as file:
            length = await asyncio.to_thread(file.seek, 0, 2)
            file.seek(0)
            written = await client.upload_blob(
                file,
                length=length,
                overwrite=True,
                metadata=dict(metadata),
                max_concurrency=_PARALLEL_PIECES,
            )
            return {**written, "length": length}


def _opened(path: str, mode: str) -> Any:
    try:
        return open(path, mode)
    except OSError as error:
        raise StoreError(f"The file {path} cannot be opened: {error.strerror}.") from error


def quoted(etag: str) -> str:
    """An ETag in quotes, as headers have it and listings do not."""
    return etag if etag.endswith('"') else f'"{etag}"'


def _utc(time: datetime) -> datetime:
    return time.astimezone(timezone.utc)
