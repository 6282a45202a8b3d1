"""Opening an app for tests."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from lazulite.errors import UsageError
from lazulite.testing.aio import AsyncAppClient
from lazulite.testing.client import AppClient, Loop
from lazulite.testing.imports import find_app
from lazulite.testing.options import OpenOptions, check_options

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from lazulite.testing.backend import Backend

__tracebackhide__ = True

BASE_URL = "http://localhost:7071"


def open_app(folder: str | os.PathLike[str] = ".", **options: Unpack[OpenOptions]) -> AppClient:
    """Open the app in `folder`, or the nearest one above it; close it with `close` or `with`.

    Raises LazuliteError when it cannot be loaded, TypeError for a wrong option.
    """
    check_options(options)
    backend, loop = _backend(_root(folder), options), Loop()
    try:
        client = loop.run(_open(backend, options))
    except BaseException:
        loop.close()
        raise
    if backend.surroundings is not None:
        backend.surroundings.take_off()
        loop.around = backend.surroundings
    return AppClient(client, loop)


@asynccontextmanager
async def open_app_async(
    folder: str | os.PathLike[str] = ".", **options: Unpack[OpenOptions]
) -> AsyncIterator[AsyncAppClient]:
    """`open_app` for asynchronous tests: the functions run on the test's own event loop. The app's
    folder is the working directory, its settings are the environment until the app is closed."""
    check_options(options)
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        raise UsageError(
            "open_app_async needs an event loop of asyncio.",
            hint="With anyio let the test run on its asyncio backend.",
        ) from None
    client = await _open(_backend(_root(folder), options), options)
    try:
        yield client
    finally:
        await client.close()


async def _open(backend: Backend, options: OpenOptions) -> AsyncAppClient:
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
