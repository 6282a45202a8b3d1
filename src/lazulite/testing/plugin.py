"""The pytest plugin. pytest imports it at every start, so it imports almost nothing.

[pytest]
lazulite_app = my_app     ; the app's folder, by pytest's root; without it the nearest is looked for
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from lazulite.testing.imports import AppImports, find_app

if TYPE_CHECKING:
    from lazulite.testing.client import AppClient

INI = "lazulite_app"
MARK = "lazulite_app"
_IMPORTS = pytest.StashKey[AppImports]()
_FOUND = pytest.StashKey[dict[str, str | None]]()
_CLIENTS = pytest.StashKey[list[Any]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(INI, "The folder of the function app under test.", default="")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "lazulite_app(folder, **options): the function app of `func_app`, by the test's file, "
        "and how lazulite.testing.open_app opens it",
    )
    config.stash[_IMPORTS] = AppImports()
    config.stash[_FOUND] = {}


def pytest_unconfigure(config: pytest.Config) -> None:
    if _IMPORTS in config.stash:
        config.stash[_IMPORTS].switch(None)


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Let a test module import its app as `__app__`."""
    if isinstance(collector, pytest.Module):
        root = app_of(collector.config, str(collector.path))
        collector.config.stash[_IMPORTS].switch(root)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    item.config.stash[_IMPORTS].switch(app_of(item.config, str(item.path)))


def app_of(config: pytest.Config, test_file: str) -> str | None:
    """The app of a test file: the configured one, else the nearest above it."""
    given = config.getini(INI)
    if given:
        return os.path.join(str(config.rootpath), str(given))
    found, folder = config.stash[_FOUND], os.path.dirname(test_file)
    if folder not in found:
        found[folder] = find_app(folder)
    return found[folder]


@pytest.fixture
def func_client_factory(request: pytest.FixtureRequest) -> Iterator[Callable[..., AppClient]]:
    """Opens apps: `func_client_factory("folder", **options)` as open_app, the folder by the test's
    file and the test's own app without one. They are closed after the test."""
    clients: list[AppClient] = []
    request.node.stash[_CLIENTS] = clients

    def open(folder: str | os.PathLike[str] | None = None, **options: Any) -> AppClient:
        from lazulite.testing.open import open_app

        client = open_app(_folder(request, folder), **options)
        clients.append(client)
        return client

    yield open
    errors = []
    for client in reversed(clients):
        try:
            client.close()
        except Exception as error:
            errors.append(error)
    if errors:
        raise errors[0]


@pytest.fixture
def func_app(
    request: pytest.FixtureRequest, func_client_factory: Callable[..., AppClient]
) -> AppClient:
    """The app under test, open: a lazulite.testing.AppClient, new for each test."""
    mark = request.node.get_closest_marker(MARK)
    folder = mark.args[0] if mark is not None and mark.args else None
    return func_client_factory(folder, **(mark.kwargs if mark is not None else {}))


def _folder(request: pytest.FixtureRequest, given: str | os.PathLike[str] | None) -> str:
    if given is not None:
        return os.path.join(os.path.dirname(str(request.path)), os.fspath(given))
    found = app_of(request.config, str(request.path))
    if found is None:
        raise pytest.UsageError(
            f"There is no function app at or above {os.path.dirname(str(request.path))}: name its "
            f"folder with '{INI} = ...' in the pytest configuration, or mark the test with "
            f"@pytest.mark.{MARK}('folder')."
        )
    return found


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Show a failed test what the app did."""
    outcome: Any = yield
    report = outcome.get_result()
    clients = item.stash.get(_CLIENTS, [])
    if report.failed and call.when == "call" and clients:
        from lazulite.testing.records import report as shown

        for client in clients:
            if client.invocations:
                text = shown(client.invocations)
                report.sections.append((f"Function invocations in {client.root}", text))
