"""Opening an app for tests."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, TypedDict

from lazulite.errors import UsageError
from lazulite.testing.aio import AsyncAppClient
from lazulite.testing.client import AppClient, Loop
from lazulite.testing.imports import find_app

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from lazulite.testing.backend import Backend

BASE_URL = "http://localhost:7071"


class OpenOptions(TypedDict, total=False):
    """How an app is opened.

    settings: app settings over the environment's and local.settings.json's; functions: load only
    these; now: where the clock starts (in process); auth: ask for keys, as a deployed app does;
    triggers: False leaves queues, blobs and timers alone; fresh: import the app's modules anew even
    where the test has imported some; storage: a folder that keeps the storage; raise_exceptions:
    see AsyncAppClient; patience: seconds of real time in which the app must come to rest;
    allow_errors: open the app although some functions cannot be used; process: run `func start`
    instead, with this Python.
    """

    settings: Mapping[str, str]
    functions: Sequence[str]
    now: datetime | None
    auth: bool
    triggers: bool
    fresh: bool
    storage: str | os.PathLike[str] | None
    raise_exceptions: bool
    patience: float
    allow_errors: bool
    process: bool


def open_app(folder: str | os.PathLike[str] = ".", **options: Unpack[OpenOptions]) -> AppClient:
    """Open the app in `folder`, or the nearest one above it; close it with `close` or `with`.

    Raises LazuliteError when it cannot be loaded.
    """
    loop, here = Loop(), os.getcwd()
    try:
        client = loop.run(_open(folder, options))
    except BaseException:
        loop.close()
        raise
    if not options.get("process"):
        loop.folder = client.root
        os.chdir(here)
    return AppClient(client, loop)


@asynccontextmanager
async def open_app_async(
    folder: str | os.PathLike[str] = ".", **options: Unpack[OpenOptions]
) -> AsyncIterator[AsyncAppClient]:
    """`open_app` for asynchronous tests: the functions run on the test's own event loop. The app's
    folder is the working directory until the app is closed."""
    client = await _open(folder, options)
    try:
        yield client
    finally:
        await client.close()


async def _open(folder: str | os.PathLike[str], options: OpenOptions) -> AsyncAppClient:
    backend = _backend(_root(folder), options)
    await backend.start()
    return AsyncAppClient(
        backend, raise_exceptions=options.get("raise_exceptions", True), base_url=BASE_URL
    )


def _root(folder: str | os.PathLike[str]) -> str:
    path = os.path.abspath(folder)
    if not os.path.isdir(path):
        raise UsageError(f"There is no folder {path}.", hint="Name the app's folder.")
    return find_app(path) or path


def _backend(root: str, options: OpenOptions) -> Backend:
    storage = options.get("storage")
    if options.get("process"):
        from lazulite.testing.process import ProcessApp, ProcessOptions

        return ProcessApp(
            root,
            ProcessOptions(
                settings=dict(options.get("settings", {})),
                functions=tuple(options.get("functions", ())),
                auth=options.get("auth", False),
                storage=os.fspath(storage) if storage is not None else None,
                patience=options.get("patience", 30.0),
                allow_errors=options.get("allow_errors", False),
            ),
        )
    from lazulite.testing.inprocess import AppOptions, InProcessApp

    return InProcessApp(
        root,
        AppOptions(
            settings=dict(options.get("settings", {})),
            functions=tuple(options.get("functions", ())),
            now=options.get("now"),
            auth=options.get("auth", False),
            triggers=options.get("triggers", True),
            fresh=options.get("fresh", False),
            storage=os.fspath(storage) if storage is not None else None,
            patience=options.get("patience", 30.0),
            allow_errors=options.get("allow_errors", False),
        ),
    )
