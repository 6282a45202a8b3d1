"""`func start --debug`: a debugger may attach to the worker, with the app's own debugpy."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from importlib import import_module


class NoDebugger(Exception):
    """The message says what is missing and how to get it."""


async def listen(wait: bool) -> None:
    """Listen for a debugger on a free port of this machine, which is printed.

    wait: return when one has attached, so that it can stop in code that runs at import. Raises
    NoDebugger.
    """
    # it warns of frozen modules, which are the standard library's
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    try:
        debugpy = import_module("debugpy")  # the app's, not ours
    except ImportError as error:
        raise NoDebugger(
            f"debugpy is not installed for {sys.executable} ({error}).\n"
            f"  Install it there: {sys.executable} -m pip install debugpy"
        ) from error
    debugpy.configure(python=sys.executable)
    _, port = debugpy.listen(("127.0.0.1", 0))
    waiting = " and is waited for" if wait else ""
    print(f"A debugger can attach to worker {os.getpid()} on port {port}{waiting}.")
    if wait:
        await _attached(debugpy.wait_for_client)


async def _attached(wait_for_client: Callable[[], None]) -> None:
    # not in the loop's own executor, which would be waited for when the host gives up
    loop = asyncio.get_running_loop()
    done = loop.create_future()

    def run() -> None:
        wait_for_client()
        loop.call_soon_threadsafe(done.set_result, None)

    threading.Thread(target=run, name="lazulite-debugger", daemon=True).start()
    await done
