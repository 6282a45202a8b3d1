"""What the app's interpreter is started with: a script, not a module, because `lazulite` is not
installed there. It makes exactly three things importable - this package's worker side, its HTTP
server, the app - and hands over to the template process.

    python bootstrap.py PACKAGE SERVER ROOT SEARCH... CONTROL

PACKAGE: .../lazulite; SERVER: the folder that has the HTTP server; ROOT: the app's; SEARCH: what
ends sys.path; CONTROL: the descriptor of the socket to the host.
"""

import gc
import sys
import threading
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any


def expose_package(name: str, folder: str) -> None:
    """Make `name` importable from `folder` without putting its neighbours on sys.path."""
    spec = spec_from_file_location(
        name, f"{folder}/__init__.py", submodule_search_locations=[folder]
    )
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


def defer_package(name: str, search: "list[str] | None" = None) -> None:
    """Let submodules of `name` be imported while its own `__init__` waits for its first use.

    azure.functions needs three submodules of werkzeug, whose `__init__` brings a development
    server and a test client along; granian's brings the whole supervisor.
    """
    spec = PathFinder.find_spec(name, search)
    if name in sys.modules or spec is None or spec.loader is None:
        return
    loader = spec.loader
    lock = threading.RLock()

    class Deferred(ModuleType):
        def __getattr__(self, attribute: str) -> Any:
            # `from package import submodule` asks for the attribute first
            if PathFinder.find_spec(f"{name}.{attribute}", self.__path__) is not None:
                return import_module(f"{name}.{attribute}")
            with lock:
                if self.__class__ is Deferred:
                    self.__class__ = ModuleType  # type: ignore[assignment]
                    loader.exec_module(self)
            return getattr(self, attribute)

    module = Deferred(name)
    module.__spec__ = spec
    module.__file__ = spec.origin
    module.__loader__ = loader
    module.__package__ = name
    module.__path__ = list(spec.submodule_search_locations or ())
    sys.modules[name] = module


def main() -> None:
    gc.disable()  # what is imported stays: to look through it again and again costs a tenth
    package, server, root, *search, control = sys.argv[1:]
    sys.path[:1] = []  # this script's own folder
    sys.path += [place for place in search if place not in sys.path]
    expose_package("lazulite", package)
    defer_package("werkzeug")
    defer_package("granian", [server])
    sys.argv = [root]

    from lazulite.worker.template import serve

    serve(int(control))


if __name__ == "__main__":
    main()
