"""Which modules are an app's, and the package name `__app__`. Imported by the pytest plugin at
every start: nothing but the standard library, and little of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from types import ModuleType

PACKAGE = "__app__"
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")


def place_of(module: ModuleType) -> str:
    """The file or folder that a module was loaded from, '' where there is none."""
    file = getattr(module, "__file__", None)
    if isinstance(file, str):
        return file
    path = getattr(module, "__path__", None)
    try:
        return str(next(iter(path))) if path is not None else ""
    except (StopIteration, TypeError):
        return ""


def belongs_to(module: ModuleType, name: str, root: str) -> bool:
    """Whether a module is part of the app in `root`: its own code, not a package installed there
    nor a test beside it."""
    if name == PACKAGE or name.startswith(PACKAGE + "."):
        return True
    place = place_of(module)
    inside = place.startswith(os.path.join(root, "")) and not any(s in place for s in _INSTALLED)
    return inside and not _is_test(name, place, root)


def _is_test(name: str, place: str, root: str) -> bool:
    parts = os.path.relpath(place, root).split(os.sep)
    last = name.rpartition(".")[2]
    return parts[0] in ("tests", "test") or last.startswith("test_") or last == "conftest"


def names_of_app(root: str, *, own: bool) -> list[str]:
    """Modules that stand in the way of the app in `root`: those of another app whose names it
    would find; with `own` also those of its own that are imported already."""
    found: list[str] = []
    its_names = _top_names(root)
    for name, module in list(sys.modules.items()):
        if module is None:
            continue
        top = name.partition(".")[0]
        if top == PACKAGE:
            if own or not _is_root(sys.modules.get(PACKAGE), root):
                found.append(name)
        elif top in its_names:
            if belongs_to(module, name, root):
                if own:
                    found.append(name)
            elif _is_of_an_app(place_of(module)):
                found.append(name)
    return found


def _is_root(package: ModuleType | None, root: str) -> bool:
    paths = getattr(package, "__path__", None)
    return paths is not None and any(_same(path, root) for path in paths)


def _same(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _top_names(root: str) -> set[str]:
    """What can be imported from a folder."""
    return {name.partition(".")[0] for name in os.listdir(root)}


def _is_of_an_app(place: str) -> bool:
    """Whether a file is the own code of some function app."""
    if not place or any(s in place for s in _INSTALLED):
        return False
    folder = os.path.dirname(place)
    for _ in range(4):
        if os.path.isfile(os.path.join(folder, "host.json")):
            return True
        folder = os.path.dirname(folder)
    return False


def forget(names: Iterable[str]) -> dict[str, ModuleType]:
    """Take modules out of sys.modules; what they were, to put back."""
    taken = {}
    for name in names:
        module = sys.modules.pop(name, None)
        if module is not None:
            taken[name] = module
    return taken


def expose(root: str) -> None:
    """Make the folder `root` importable as `__app__`, whatever it is called."""
    from importlib.machinery import ModuleSpec

    module = ModuleType(PACKAGE)
    module.__path__ = [root]
    spec = ModuleSpec(PACKAGE, None, is_package=True)
    spec.submodule_search_locations = [root]
    module.__spec__ = spec
    module.__package__ = PACKAGE
    sys.modules[PACKAGE] = module


class AppImports:
    """What `import __app__` means, now for one app and then for another: each keeps its modules.

    The app's folder is also at the end of sys.path, as in the worker.
    """

    def __init__(self) -> None:
        self.root: str | None = None
        self._aside: dict[str, dict[str, ModuleType]] = {}

    def switch(self, root: str | None) -> None:
        """Let `__app__` be the app in `root`; None: no app."""
        if root == self.root:
            return
        if self.root is not None:
            mine = [n for n, m in list(sys.modules.items()) if m and self._is_mine(n, m)]
            self._aside[self.root] = forget(mine)
            if self.root in sys.path:
                sys.path.remove(self.root)
        self.root = root
        if root is None:
            return
        sys.modules.update(self._aside.pop(root, {}))
        if PACKAGE not in sys.modules:
            expose(root)
        if root not in sys.path:
            sys.path.append(root)

    def _is_mine(self, name: str, module: ModuleType) -> bool:
        assert self.root is not None
        return belongs_to(module, name, self.root)


def find_app(start: str) -> str | None:
    """The app nearest to a folder: that folder or one above it with host.json, or `__app__`
    below one of them. None where there is none."""
    folder = os.path.abspath(start)
    while True:
        found = app_in(folder)
        if found is not None:
            return found
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def app_in(folder: str) -> str | None:
    """The app in a folder: itself with host.json, or `__app__` in it. None where there is none."""
    for candidate in (folder, os.path.join(folder, PACKAGE)):
        if os.path.isfile(os.path.join(candidate, "host.json")):
            return candidate
    return None
