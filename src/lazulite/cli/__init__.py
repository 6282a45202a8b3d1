"""The `func` command: one module per verb, each imported when it is called."""

from __future__ import annotations

import sys


def main() -> int:
    """Entry of the console commands `func` and `lazulite`. Returns the exit code."""
    from lazulite.cli.run import run

    return run(sys.argv)
