"""The pytest plugin. pytest imports it at every start, so it imports almost nothing.

[pytest]
lazulite_app = my_app     ; the app's folder, by pytest's root; without it the nearest is looked for
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lazulite.testing.imports import AppImports, app_in, find_app

if TYPE_CHECKING:
    from lazulite.testing.client import AppClient

INI = "lazulite_app"
MARK = "lazulite_app"
FOLDER = getattr(pytest, "Directory", pytest.Package)  # new in pytest 8
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


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Let the conftest.py files that pytest imports before it collects anything import their
    apps."""
    _configured_app(early_config)
    early_config.pluginmanager.register(InitialConftests(early_config))


class InitialConftests:
    """Switches to the app of each of the conftest.py files that are imported first, in turn."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._coming = initial_conftests(config)
        self._next()

    def pytest_plugin_registered(self, plugin: object) -> None:
        """Called when one has been imported."""
        file = getattr(plugin, "__file__", None)
        if file in self._coming:
            del self._coming[: self._coming.index(file) + 1]
            self._next()

    def _next(self) -> None:
        if self._coming:
            switch(self._config, os.path.dirname(self._coming[0]))


def initial_conftests(config: pytest.Config) -> list[str]:
    """The conftest.py files above the arguments of the command line and in their `test*` folders,
    in the order in which pytest imports them."""
    here = str(config.invocation_params.dir)
    options = config.known_args_namespace
    given = [str(arg).partition("::")[0] for arg in options.file_or_dir]
    if not given and here == str(config.rootpath):
        given = [path for name in config.getini("testpaths") for path in sorted(glob(name))]
    folders: list[str] = []
    for start in [os.path.abspath(os.path.join(here, path)) for path in given] or [here]:
        if os.path.isdir(start):
            below = Path(start).glob("test*")  # pytest looks the same way: in the same order
            folders += [start, *(str(path) for path in below if path.is_dir())]
        else:
            folders.append(os.path.dirname(start))
    top = str(options.confcutdir or config.rootpath)
    found: dict[str, None] = {}
    for folder in folders:
        for above in reversed(list(_up_to(folder, top))):
            file = os.path.join(above, "conftest.py")
            if os.path.isfile(file):
                found[file] = None
    return list(found)


def _up_to(folder: str, top: str) -> Iterator[str]:
    while True:
        yield folder
        above = os.path.dirname(folder)
        if folder in (top, above):
            return
        folder = above


def pytest_unconfigure(config: pytest.Config) -> None:
    if _IMPORTS in config.stash:
        config.stash[_IMPORTS].switch(None)


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Let a test module, and the conftest.py of a folder, import its app as `__app__`."""
    if isinstance(collector, pytest.Module):
        switch(collector.config, os.path.dirname(str(collector.path)))
    elif isinstance(collector, FOLDER):
        switch(collector.config, str(collector.path))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    switch(item.config, os.path.dirname(str(item.path)))


def switch(config: pytest.Config, folder: str) -> None:
    """Let the tests in a folder import their app."""
    config.stash.setdefault(_IMPORTS, AppImports()).switch(app_of(config, folder))


def app_of(config: pytest.Config, folder: str) -> str | None:
    """The app of the tests in a folder: the configured one, else the nearest above it."""
    found = config.stash.setdefault(_FOUND, {})
    if folder not in found:
        found[folder] = _configured_app(config) or find_app(folder)
    return found[folder]


def _configured_app(config: pytest.Config) -> str | None:
    given = str(config.getini(INI))
    if not given:
        return None
    base = config.inipath.parent if config.inipath else config.rootpath
    folder = os.path.abspath(os.path.join(str(base), given))
    if not os.path.isdir(folder):
        raise pytest.UsageError(
            f"{INI} = {given}: there is no folder {folder}. Name the folder of the function app, "
            f"by {config.inipath or config.rootpath}."
        )
    return app_in(folder) or folder


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
    found = app_of(request.config, os.path.dirname(str(request.path)))
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
