"""The options that every command takes, wherever they stand on the command line."""

from __future__ import annotations

import os
from collections.abc import Sequence

from lazulite.cli.table import ALIASES
from lazulite.errors import UsageError

# for `start` these two mean more: its own options take them
_START_ONLY = ("--debug", "--verbose")
_IGNORED = ("--offline", "--pause-on-error")


def take_global(args: Sequence[str]) -> tuple[list[str], str | None, bool]:
    """Split the global options off: (the rest, --script-root, whether stacks are wanted).

    Everything after `--` is left alone. Raises UsageError when --script-root has no value.
    """
    rest: list[str] = []
    root: str | None = None
    start = _verb(args) == "start"
    debug = False
    pending = iter(args)
    for arg in pending:
        name, equals, value = arg.partition("=")
        if arg == "--":
            return [*rest, arg, *pending], root, debug
        if name in ("--script-root", "--prefix"):
            root = value if equals else next(pending, None)
            if not root:
                raise UsageError(f"{name} needs the folder of the app.")
        elif arg in _IGNORED:
            continue
        elif arg in _START_ONLY:
            debug = debug or arg == "--debug"
            if start:
                rest.append(arg)
        else:
            rest.append(arg)
    return rest, root, debug


def _verb(args: Sequence[str]) -> str:
    """The command that `args` call, in its name here."""
    words = []
    skip = False
    for arg in args:
        if skip:
            skip = False
        elif arg in ("--script-root", "--prefix"):
            skip = True
        elif not arg.startswith("-"):
            words.append(arg)
    return next(iter(resolve(words)), "")


def resolve(args: Sequence[str]) -> list[str]:
    """`args` with aliases (`host start`, `function new`, `help VERB`) replaced."""
    if args and args[0] == "help":
        return [*args[1:], "--help"]
    for alias, target in ALIASES.items():
        if tuple(args[: len(alias)]) == alias:
            return [*target, *args[len(alias) :]]
    return list(args)


def enter(root: str) -> None:
    """Make `root` the working directory, as --script-root asks. Raises UsageError."""
    if not os.path.isdir(root):
        raise UsageError(f'"{os.path.abspath(root)}" doesn\'t exist.')
    os.chdir(root)
