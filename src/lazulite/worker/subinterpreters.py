"""Subinterpreters that user code creates log and print to the host as its own threads do.

Each interpreter has a `logging` and a `sys.stdout` of its own, which lead nowhere near the host.
The low-level modules are wrapped, so that whatever is built on them takes part: `_interpreters`
(3.13), `_xxsubinterpreters` (before).
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
from typing import Any

from lazulite.worker.call import running_invocation
from lazulite.worker.channel import LogChannel
from lazulite.worker.logs import install as install_handler
from lazulite.worker.printing import PrintStream

MODULES = ("_interpreters", "_xxsubinterpreters")
RUNNERS = ("run_string", "run_func", "exec", "call")
_WORKER = os.path.dirname(os.path.abspath(__file__))
_ATTACH = """
import runpy
runpy.run_path({bootstrap!r})["expose_package"]("lazulite", {package!r})
from lazulite.worker.subinterpreters import attach
attach({fd}, {wanted}, {debug!r}, {owner!r})
"""
_TIE = """
from lazulite.worker.subinterpreters import tie
tie({owner!r})
"""


def install(channel: LogChannel, wanted: int) -> None:
    """Have interpreters that are created from now on tell the host what they log and print."""
    for name in MODULES:
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        _wrap(module, channel.fd, wanted)


def _wrap(module: Any, fd: int, wanted: int) -> None:
    create, run_string = module.create, module.run_string
    owners: dict[int, tuple[str, str]] = {}

    def create_attached(*args: Any, **kwargs: Any) -> Any:
        id = create(*args, **kwargs)
        owner = running_invocation()
        script = _ATTACH.format(
            bootstrap=os.path.join(_WORKER, "bootstrap.py"),
            package=os.path.dirname(_WORKER),
            fd=fd,
            wanted=wanted,
            debug=os.environ.get("PYTHON_ENABLE_DEBUG_LOGGING"),
            owner=owner,
        )
        try:
            failure = run_string(id, script)
        except Exception as error:
            failure = error
        if failure is None:
            owners[int(id)] = owner
        return id

    def tied(run: Any) -> Any:
        def run_tied(id: Any, *args: Any, **kwargs: Any) -> Any:
            owner = running_invocation()
            if owners.get(int(id), owner) != owner:
                owners[int(id)] = owner
                run_string(id, _TIE.format(owner=owner))
            return run(id, *args, **kwargs)

        return run_tied

    for name in RUNNERS:
        if hasattr(module, name):
            setattr(module, name, tied(getattr(module, name)))
    module.create = create_attached


# inside a subinterpreter


def attach(fd: int, wanted: int, debug: str | None, owner: tuple[str, str]) -> None:
    """Send this interpreter's records and prints to the host."""
    channel = LogChannel(fd)
    install_handler(channel, wanted, debug)
    sys.stdout = PrintStream(1, "stdout", channel)
    sys.stderr = PrintStream(2, "stderr", channel)
    tie(owner)


def tie(owner: tuple[str, str]) -> None:
    """What this interpreter does from now on belongs to `owner`."""
    for place in (*logging.getLogger().handlers, sys.stdout, sys.stderr):
        if hasattr(place, "owner"):
            place.owner = owner
