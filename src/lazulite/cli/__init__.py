"""The `func` command: one module per verb, each imported when it is called."""

from __future__ import annotations

import gc
import os
import sys


def main() -> int:
    """Entry of the console commands `func` and `lazulite`. Returns the exit code."""
    try:
        return _main()
    except KeyboardInterrupt:  # while our own modules are imported
        sys.stderr.write("Interrupted.\n")
        return 1


def _main() -> int:
    started = None
    if sys.argv[1:2] == ["start"]:
        # before anything else is imported: what takes longest goes first
        from lazulite.host.spawning import guess

        gc.disable()  # until the host runs: what it imports stays
        started = guess(sys.argv[2:], os.environ, os.getcwd())
    from lazulite.cli.run import run

    return run(sys.argv, started)
