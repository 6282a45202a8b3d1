"""`func storage blob`."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile

import click

from lazulite.abc import Account, BlobProperties
from lazulite.cli.console import examples, say, say_json, say_table
from lazulite.cli.payload import pairs
from lazulite.cli.storage.account import connection_option, instant, json_option, place, use
from lazulite.errors import UsageError


@click.group(
    "blob",
    epilog=examples(
        "func storage blob put samples/note.txt --data 'remember the milk'",
        "func storage blob list samples",
        "func storage blob get samples/note.txt",
    ),
)
def command() -> None:
    """List, write, read and delete blobs."""


@command.command(epilog=examples("func storage blob containers"))
@connection_option
@json_option
def containers(connection: str, as_json: bool) -> None:
    """List the containers."""
    found = use(connection, lambda account: account.blob_admin.containers())
    if as_json:
        say_json([{"name": name} for name in found])
    else:
        say("\n".join(found) or "There are no containers.")


@command.command(
    "list",
    epilog=examples("func storage blob list samples", "func storage blob list samples/2026/"),
)
@click.argument("path", metavar="CONTAINER[/PREFIX]")
@connection_option
@json_option
def list_(path: str, connection: str, as_json: bool) -> None:
    """List the blobs of a container, or those whose names start with PREFIX."""
    container, _, prefix = path.partition("/")

    async def work(account: Account) -> list[BlobProperties]:
        return [blob async for blob in account.blobs.list(container, prefix=prefix)]

    found = use(connection, work)
    if as_json:
        say_json([_json(blob) for blob in found])
    elif found:
        rows = [(b.name, b.length, instant(b.last_modified), b.content_type) for b in found]
        say_table(("BLOB", "BYTES", "CHANGED", "TYPE"), rows)
    else:
        say("There are no such blobs.")


@command.command(
    epilog=examples(
        "func storage blob put samples/picture.png picture.png",
        "func storage blob put samples/note.txt --data 'remember the milk'",
        "date | func storage blob put samples/now.txt -",
    ),
)
@click.argument("path", metavar="CONTAINER/NAME")
@click.argument("file", required=False, metavar="[FILE|-]")
@click.option("--data", metavar="TEXT", help="The content, in place of FILE.")
@click.option("-m", "--metadata", multiple=True, metavar="NAME=VALUE", help="Metadata to set.")
@connection_option
def put(
    path: str, file: str | None, data: str | None, metadata: tuple[str, ...], connection: str
) -> None:
    """Write a blob, its content from FILE, from standard input (`-`) or from --data.

    A blob of that name is replaced; a missing container is made. With `CONTAINER/FOLDER/` the file
    keeps its name.
    """
    if (file is None) == (data is None):
        raise UsageError("The content comes from FILE (or `-`), or from --data: give one of them.")
    if path.endswith("/") and file not in (None, "-"):
        path += os.path.basename(str(file))
    container, name = _split(path)
    source: bytes | str
    if data is not None:
        source = data.encode("utf-8", "surrogateescape")
    elif file == "-":
        source = sys.stdin.buffer.read()
    else:
        source = os.path.abspath(str(file))
        if not os.path.isfile(source):
            raise UsageError(f"There is no file {source}.")
    labels = dict(pairs("--metadata", metadata, "="))

    async def work(account: Account) -> tuple[BlobProperties, str]:
        blob = await account.blobs.upload(container, name, source, metadata=labels)
        return blob, place(account)

    blob, where = use(connection, work)
    say(f"Wrote blob '{container}/{name}' ({blob.length} bytes) of {where}.")


@command.command(
    epilog=examples(
        "func storage blob get samples/note.txt",
        "func storage blob get samples/picture.png picture.png",
    ),
)
@click.argument("path", metavar="CONTAINER/NAME")
@click.argument("file", default="-", metavar="[FILE|-]")
@connection_option
def get(path: str, file: str, connection: str) -> None:
    """Read a blob into FILE, or to standard output."""
    container, name = _split(path)
    target = os.path.join(os.path.abspath(file), "") if os.path.isdir(file) else file
    if target.endswith(os.sep):
        target += os.path.basename(name)
    folder = None if file == "-" else os.path.dirname(os.path.abspath(target))
    if folder is not None and not os.path.isdir(folder):
        raise UsageError(f"There is no folder {folder}.")
    with tempfile.TemporaryDirectory(prefix=".func-blob-", dir=folder) as spool:
        content = os.path.join(spool, "content")
        blob = use(connection, lambda account: account.blobs.download(container, name, content))
        if folder is None:
            with open(content, "rb") as opened:
                shutil.copyfileobj(opened, sys.stdout.buffer)
            sys.stdout.buffer.flush()
            return
        os.replace(content, target)
    say(f"Writing {os.path.abspath(target)} ({blob.length} bytes)")


@command.command(epilog=examples("func storage blob delete samples/note.txt"))
@click.argument("path", metavar="CONTAINER/NAME")
@connection_option
def delete(path: str, connection: str) -> None:
    """Delete a blob."""
    container, name = _split(path)

    async def work(account: Account) -> None:
        await account.blobs.properties(container, name)  # NotFound is worth telling
        await account.blobs.delete(container, name)

    use(connection, work)
    say(f"Deleted blob '{path}'.")


def _split(path: str) -> tuple[str, str]:
    container, _, name = path.partition("/")
    if not container or not name:
        raise UsageError(f"'{path}' names no blob.", hint="Write CONTAINER/NAME.")
    return container, name


def _json(blob: BlobProperties) -> dict[str, object]:
    return {
        "container": blob.container,
        "name": blob.name,
        "length": blob.length,
        "etag": blob.etag,
        "lastModified": instant(blob.last_modified),
        "contentType": blob.content_type,
        "metadata": dict(blob.metadata),
        "uri": blob.uri,
    }
