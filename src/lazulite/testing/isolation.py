"""Leaves a process as an app found it: its modules, its path, its environment, its folder."""

from __future__ import annotations

import copy
import logging
import os
import sys
import threading
import time
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from lazulite.testing.imports import belongs_to, forget, names_of_app
from lazulite.testing.surroundings import Surroundings

# importing one of them changes how every app's functions are called
_EXTENSIONS = "azurefunctions.extensions."


class Isolation:
    """`enter` notes the process's state and gives it the app's; `leave` puts it back.

    fresh: import the app's modules anew even where a test has imported them before; otherwise the
    app uses the test's, so that a patch of a module's attribute meets the app. surroundings: the
    environment and the folder, which can be the app's for the length of a call only.
    """

    surroundings: Surroundings

    def __init__(self, root: str, *, fresh: bool) -> None:
        self._root = root
        self._fresh = fresh
        self._modules: dict[str, ModuleType] = {}
        self._path: list[str] = []
        self._handlers: list[logging.Handler] = []
        self._level = logging.WARNING
        self._start: Any = None
        self._submit: Any = None
        self._extensions: tuple[Any, ...] | None = None
        self._web: list[tuple[type, str, Any]] = []

    def enter(self) -> None:
        """Note the state. Modules of other apps, which would be taken for this one's, step
        aside."""
        from concurrent.futures import ThreadPoolExecutor

        self._modules = dict(sys.modules)
        self._path = list(sys.path)
        self.surroundings = Surroundings(self._root)
        root = logging.getLogger()
        self._handlers, self._level = list(root.handlers), root.level
        self._start, self._submit = threading.Thread.start, ThreadPoolExecutor.submit
        self._extensions = _extensions()
        self._web = _web_extension()
        forget(names_of_app(self._root, own=self._fresh))

    def settings(self, environ: Mapping[str, str]) -> None:
        """Make the app's settings the environment, as the worker does."""
        os.environ.clear()
        os.environ.update(environ)
        if "TZ" in environ and hasattr(time, "tzset"):
            time.tzset()

    def place(self, search: list[str]) -> None:
        """Enter the app's folder and let its modules be found."""
        os.chdir(self._root)
        sys.path += [place for place in search if place not in sys.path]

    def leave(self) -> None:
        """Put everything back. Modules of installed packages stay: many cannot load twice."""
        from concurrent.futures import ThreadPoolExecutor

        added = [
            name
            for name, module in list(sys.modules.items())
            if self._modules.get(name) is not module
            and (name.startswith(_EXTENSIONS) or belongs_to(module, name, self._root))
        ]
        forget(added)
        for name, module in self._modules.items():
            sys.modules.setdefault(name, module)
        sys.path[:] = self._path
        self.surroundings.take_off()
        if self._extensions is not None:
            _restore_extensions(self._extensions)
        for tracker, name, value in self._web:
            setattr(tracker, name, value)
        root = logging.getLogger()
        for handler in list(root.handlers):
            # what the app added; pytest changes its own handlers between a test's phases
            if handler not in self._handlers and not _is_pytests(handler):
                root.removeHandler(handler)
        root.setLevel(self._level)
        threading.Thread.start = self._start  # type: ignore[method-assign]
        ThreadPoolExecutor.submit = self._submit  # type: ignore[method-assign]


def _is_pytests(handler: logging.Handler) -> bool:
    return type(handler).__module__.startswith("_pytest")


def _extensions() -> tuple[Any, ...] | None:
    """What worker extensions have registered with azure.functions; None where there is no such
    thing."""
    try:
        from azure.functions.extension import ExtensionMeta
    except ImportError:
        return None
    return (
        copy.deepcopy(ExtensionMeta._func_exts),
        copy.deepcopy(ExtensionMeta._app_exts),
        copy.deepcopy(ExtensionMeta._info),
    )


def _restore_extensions(before: tuple[Any, ...]) -> None:
    from azure.functions.extension import ExtensionMeta

    ExtensionMeta._func_exts, ExtensionMeta._app_exts, ExtensionMeta._info = before


def _web_extension() -> list[tuple[type, str, Any]]:
    """What a web extension (azurefunctions-extensions-http-*) has registered for requests and
    answers, where the base of all extensions is loaded already."""
    base = sys.modules.get(_EXTENSIONS + "base")
    members = (
        ("ModuleTrackerMeta", "_module"),
        ("RequestTrackerMeta", "_request_type"),
        ("RequestTrackerMeta", "_synchronizer"),
        ("ResponseTrackerMeta", "_response_types"),
    )
    found = ((getattr(base, tracker, None), member) for tracker, member in members)
    return [
        (tracker, member, copy.copy(getattr(tracker, member, None)))
        for tracker, member in found
        if tracker is not None
    ]
