"""What every BlobStore and BlobAdmin must do."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from lazulite.abc import Account
from lazulite.errors import NotFound, StoreError
from tests.contracts.conftest import Run


@pytest.mark.parametrize("size", [0, 1, 32 * 1024, 32 * 1024 + 1, 9_000_001])
def test_bytes_come_back_as_they_were(run: Run, name: str, tmp_path: Path, size: int) -> None:
    content = (b"0123456789abcdef" * (size // 16 + 1))[:size]

    async def body(account: Account) -> None:
        written = await account.blobs.upload(name, "a/b c.txt", content, metadata={"k": "v"})
        target = tmp_path / "out"
        read = await account.blobs.download(name, "a/b c.txt", str(target))
        assert target.read_bytes() == content
        for properties in (written, read, await account.blobs.properties(name, "a/b c.txt")):
            assert (properties.container, properties.name) == (name, "a/b c.txt")
            assert properties.length == size
            assert properties.etag == written.etag
            assert properties.metadata == {"k": "v"}
            assert properties.uri.endswith(f"/{name}/a/b%20c.txt")
            age = datetime.now(timezone.utc) - properties.last_modified
            assert abs(age) < timedelta(minutes=1)

    run(body)


def test_files_are_uploaded_in_pieces(run: Run, name: str, tmp_path: Path) -> None:
    source = tmp_path / "in"
    with source.open("wb") as file:
        for i in range(20):
            file.write(bytes([i]) * 1_000_003)

    async def body(account: Account) -> None:
        properties = await account.blobs.upload(name, "big", str(source), metadata={})
        assert properties.length == source.stat().st_size
        target = tmp_path / "out"
        await account.blobs.download(name, "big", str(target))
        digests = [hashlib.sha256(path.read_bytes()).digest() for path in (source, target)]
        assert digests[0] == digests[1]
        target.write_bytes(b"changed")  # reaches nobody else
        await account.blobs.download(name, "big", str(target))
        assert hashlib.sha256(target.read_bytes()).digest() == digests[0]

    run(body)


def test_a_second_upload_replaces_and_keeps_metadata(run: Run, name: str, tmp_path: Path) -> None:
    async def body(account: Account) -> None:
        big = b"x" * 100_000
        first = await account.blobs.upload(name, "b", big, metadata={"a": "1", "b": "1"})
        second = await account.blobs.upload(name, "b", b"new", metadata={"b": "2", "c": "2"})
        assert second.etag != first.etag
        assert second.metadata == {"a": "1", "b": "2", "c": "2"}
        same = await account.blobs.upload(name, "b", b"new", metadata={})
        assert same.etag != second.etag
        target = tmp_path / "out"
        await account.blobs.download(name, "b", str(target))
        assert target.read_bytes() == b"new"

    run(body)


def test_readers_see_the_old_content_or_the_new(run: Run, name: str, tmp_path: Path) -> None:
    contents = [bytes([65 + i]) * 200_000 for i in range(8)]

    async def body(account: Account) -> None:
        await account.blobs.upload(name, "b", contents[0], metadata={})

        async def write() -> None:
            for content in contents:
                await account.blobs.upload(name, "b", content, metadata={})

        async def read(target: Path) -> None:
            for _ in range(8):
                await account.blobs.download(name, "b", str(target))
                assert target.read_bytes() in contents

        await asyncio.gather(write(), read(tmp_path / "1"), read(tmp_path / "2"))

    run(body)


def test_what_is_absent_is_not_found(run: Run, name: str, tmp_path: Path) -> None:
    async def body(account: Account) -> None:
        target = tmp_path / "out"
        for _ in ("no container", "no blob"):
            with pytest.raises(NotFound, match=name):
                await account.blobs.properties(name, "b")
            with pytest.raises(NotFound, match=name):
                await account.blobs.download(name, "b", str(target))
            await account.blobs.delete(name, "b")
            await account.blob_admin.create(name)
        assert not target.exists()
        with pytest.raises(NotFound, match="absent"):
            _ = [blob async for blob in account.blobs.list("absent")]

    run(body)


def test_a_source_that_is_not_there(run: Run, name: str, tmp_path: Path) -> None:
    async def body(account: Account) -> None:
        with pytest.raises(StoreError, match="absent-file"):
            await account.blobs.upload(name, "b", str(tmp_path / "absent-file"), metadata={})

    run(body)


def test_listing(run: Run, name: str) -> None:
    async def body(account: Account) -> None:
        for blob in ("b/2", "a", "b/1", "c", "b"):
            await account.blobs.upload(name, blob, b"x" * len(blob), metadata={"m": blob})
        everything = [blob async for blob in account.blobs.list(name)]
        assert [blob.name for blob in everything] == ["a", "b", "b/1", "b/2", "c"]
        assert [blob.length for blob in everything] == [1, 1, 3, 3, 1]
        assert [blob.metadata for blob in everything] == [{"m": b.name} for b in everything]
        for listed in everything:
            assert listed.etag == (await account.blobs.properties(name, listed.name)).etag
        some = [blob.name async for blob in account.blobs.list(name, prefix="b/")]
        assert some == ["b/1", "b/2"]
        assert [blob async for blob in account.blobs.list(name, prefix="x")] == []

    run(body)


def test_deleting(run: Run, name: str, tmp_path: Path) -> None:
    async def body(account: Account) -> None:
        await account.blobs.upload(name, "big", b"x" * 100_000, metadata={})
        await account.blobs.upload(name, "small", b"x", metadata={})
        await account.blobs.delete(name, "big")
        await account.blobs.delete(name, "big")
        with pytest.raises(NotFound):
            await account.blobs.properties(name, "big")
        assert [blob.name async for blob in account.blobs.list(name)] == ["small"]

    run(body)


def test_waiters_are_told_of_changes(run: Run, name: str) -> None:
    async def body(account: Account) -> None:
        waiting = asyncio.ensure_future(account.blobs.changed(name))
        await account.blobs.upload(name, "b", b"x", metadata={})
        await asyncio.wait_for(waiting, 30)
        waiting = asyncio.ensure_future(account.blobs.changed(name))
        await account.blobs.delete(name, "b")
        await asyncio.wait_for(waiting, 30)

    run(body)


def test_administration(run: Run, name: str) -> None:
    async def body(account: Account) -> None:
        admin = account.blob_admin
        await admin.create(name)
        await admin.create(name)
        assert name in await admin.containers()
        await account.blobs.upload(name, "b", b"x" * 100_000, metadata={})
        await admin.drop(name)
        assert name not in await admin.containers()
        with pytest.raises(NotFound, match=name):
            await admin.drop(name)

    run(body)


@pytest.mark.parametrize("bad", ["", "ab", "Upper", "a--b", "x" * 64])
def test_bad_container_names_are_explained(run: Run, bad: str) -> None:
    async def body(account: Account) -> None:
        with pytest.raises(StoreError, match="cannot be the name of a container"):
            await account.blobs.upload(bad, "b", b"x", metadata={})

    run(body)
