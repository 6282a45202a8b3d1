"""Blob inputs and outputs over the embedded store."""

from __future__ import annotations

from pathlib import Path

import pytest

from lazulite.bindings.blob.content import INLINE_LIMIT
from lazulite.bindings.blob.io import BlobIO
from lazulite.errors import BindingError, ExpressionError, SettingError
from lazulite.model import NO_DATA, BindingSpec, Data
from tests.bindings.blob.kit import Kit, binding, function_of, names, open_kit, run

BINARY = bytes(range(256))


async def read(kit: Kit, spec: BindingSpec, **values: object) -> Data:
    return await BlobIO(kit.context).read(function_of(spec), spec, names(**values))


async def write(kit: Kit, spec: BindingSpec, value: Data, **values: object) -> None:
    io = BlobIO(kit.context)
    await io.write(function_of(spec), spec, names(**values), value, "invocation-1")


@pytest.mark.parametrize("data_type", [None, "string", "binary", "stream"])
def test_an_input_is_the_blob_as_it_is(tmp_path: Path, data_type: str | None) -> None:
    async def body() -> None:
        async with open_kit(tmp_path) as kit:
            await kit.put("samples/7", BINARY)
            spec = BindingSpec("value", "blob", "in", data_type, {"path": "samples/{id}"})
            assert await read(kit, spec, id="7") == Data("bytes", BINARY)
            assert kit.spooled == []

    run(body())


def test_a_large_input_is_a_file(tmp_path: Path) -> None:
    large = BINARY * (INLINE_LIMIT // 256) + b"!"

    async def body() -> None:
        async with open_kit(tmp_path) as kit:
            await kit.put("samples/large", large)
            value = await read(kit, binding("blob", path="samples/large"))
            assert value.type == "file"
            assert Path(value.value).parent == Path(kit.context.spool)
            assert Path(value.value).read_bytes() == large

    run(body())


def test_a_blob_or_container_that_is_absent_is_none(tmp_path: Path) -> None:
    async def body() -> None:
        async with open_kit(tmp_path) as kit:
            assert await read(kit, binding("blob", path="nowhere/x")) == NO_DATA
            await kit.put("samples/other")
            assert await read(kit, binding("blob", path="samples/x")) == NO_DATA
            assert kit.spooled == []

    run(body())


@pytest.mark.parametrize("path", ["samples/{id}", "{id}"])
@pytest.mark.parametrize("id", ["", "a\\b", "Up/x", "trailing/"])
def test_names_that_azure_cannot_have_are_refused(tmp_path: Path, path: str, id: str) -> None:
    if (path, id) in (("samples/{id}", "Up/x"),):
        id = "x" * 1025

    async def body() -> None:
        async with open_kit(tmp_path) as kit:
            spec = binding("blob", path=path)
            with pytest.raises(ExpressionError):
                await read(kit, spec, id=id)
            with pytest.raises(ExpressionError):
                await write(kit, spec, Data("string", "x"), id=id)

    run(body())


def test_an_output_replaces_the_content_and_keeps_the_metadata(tmp_path: Path) -> None:
    async def body() -> None:
        async with open_kit(tmp_path) as kit:
            await kit.put("results/a-1.txt", b"old", colour="blue")
            spec = binding("blob", "out", path="results/{name}-{number}.txt")
            await write(kit, spec, Data("string", "new"), name="a", number=1)
            assert await kit.get("results/a-1.txt") == b"new"
            properties = await kit.account.blobs.properties("results", "a-1.txt")
            assert properties.metadata == {
                "colour": "blue",
                "AzureWebJobsParentId": "invocation-1",
            }

    run(body())


def test_an_output_creates_its_container_and_takes_files(tmp_path: Path) -> None:
    async def body() -> None:
        async with open_kit(tmp_path) as kit:
            source = Path(kit.context.spool, "out-1")
            source.write_bytes(BINARY)
            await write(kit, binding("blob", "out", path="fresh/b"), Data("file", str(source)))
            assert await kit.get("fresh/b") == BINARY

    run(body())


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (None, "needs a path"),
        ("samples", "must be in the format"),
        ("Samples/x", "no container name"),
        ("samples/{", "Invalid template"),
    ],
)
def test_a_path_that_cannot_be_is_told_at_start(
    tmp_path: Path, path: str | None, message: str
) -> None:
    async def body() -> None:
        async with open_kit(tmp_path) as kit:
            spec = binding("blob", path=path)
            with pytest.raises(BindingError, match=message) as caught:
                BlobIO(kit.context).validate(function_of(spec), spec)
            assert caught.value.where
            assert caught.value.where.binding == "value"

    run(body())


def test_a_client_of_the_sdk_needs_an_account_with_an_endpoint(tmp_path: Path) -> None:
    async def body() -> None:
        async with open_kit(tmp_path) as kit:
            deferred = {"SupportsDeferredBinding": True}
            spec = binding("blob", path="samples/x", properties=deferred)
            with pytest.raises(SettingError, match="embedded store") as caught:
                BlobIO(kit.context).validate(function_of(spec), spec)
            assert "Azurite" in str(caught.value)

    run(body())
