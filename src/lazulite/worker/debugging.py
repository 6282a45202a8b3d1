"""`func start --debug`: this worker takes part in the debug session of the app."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Mapping
from importlib import import_module
from typing import Any

PATIENCE = 10.0  # seconds that a client which is attached to the app has to attach to a worker


async def join(debug: Mapping[str, Any]) -> None:
    """Connect to the debug adapter of the process that clients attach to, as its child.

    debug: what `debugserver.py` tells of itself. Returns when a client that is attached to it has
    attached to this worker too, so that it can stop in code that runs at import; at once when
    there is no client: it may come later.
    """
    debugpy = _debugger(debug["place"])
    host, port = debug["adapter"]
    # debugpy.connect() cannot be told the adapter's token
    import_module("pydevd").settrace(
        host,
        port=port,
        suspend=False,
        patch_multiprocessing=True,
        access_token=debug["token"],
        ppid=debug["pid"],
        notify_stdin=False,
        wait_for_ready_to_run=False,
        dont_trace_start_patterns=(os.path.dirname(os.path.abspath(debugpy.__file__)),),
    )
    if not await _configured(debugpy.wait_for_client):
        print(
            f"The debugger has not attached to worker {os.getpid()} within {PATIENCE:g} s: "
            "it does not stop there.",
            file=sys.stderr,
        )


def _debugger(place: str) -> Any:
    """debugpy, the app's or that in the folder `place`, with all that it brings."""
    # it warns of frozen modules, which are the standard library's
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    sys.path[:0] = [place] if place else []
    try:
        debugpy = import_module("debugpy")
        debugpy.configure(python=sys.executable)
    finally:
        if place:
            sys.path.remove(place)
    return debugpy


async def _configured(wait_for_client: Any) -> bool:
    """Whether a client, or for want of one the adapter, lets this process go on in time."""
    # not in the loop's own executor, which would be waited for when the host gives up
    loop = asyncio.get_running_loop()
    done = asyncio.Event()

    def run() -> None:
        wait_for_client()
        loop.call_soon_threadsafe(done.set)

    thread = threading.Thread(target=run, name="lazulite-debugger", daemon=True)
    thread.pydev_do_not_trace = True  # type: ignore[attr-defined]
    thread.start()
    try:
        await asyncio.wait_for(done.wait(), PATIENCE)
    except asyncio.TimeoutError:
        wait_for_client.cancel()
        return False
    return True
