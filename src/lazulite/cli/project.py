"""Where the app is, and what it is made of, as far as the commands need to know."""

from __future__ import annotations

import os

from lazulite.errors import FileSyntaxError, LazuliteError, UsageError

_MARKS = ("host.json", "local.settings.json")


def find_root(start: str = ".") -> str:
    """The app's folder: `start` or the nearest one above it with host.json or local.settings.json.

    Absolute. Raises UsageError when there is none.
    """
    folder = os.path.abspath(start)
    while True:
        if any(os.path.isfile(os.path.join(folder, mark)) for mark in _MARKS):
            return folder
        above = os.path.dirname(folder)
        if above == folder:
            raise UsageError(
                "Unable to find project root. Expecting to find one of host.json, "
                "local.settings.json in project root.",
                hint="Go to the app's folder, name it with --script-root, "
                "or create an app with `func init`.",
            )
        folder = above


def script_file(root: str) -> str:
    """The name of the v2 model's file: PYTHON_SCRIPT_FILE_NAME of the environment or of
    local.settings.json, else function_app.py."""
    name = os.environ.get("PYTHON_SCRIPT_FILE_NAME")
    if not name:
        from lazulite.cli.local_settings import LocalSettings

        name = LocalSettings.open(root).values().get("PYTHON_SCRIPT_FILE_NAME")
    return name or "function_app.py"


def v1_functions(root: str) -> list[str]:
    """The folders directly under `root` that hold a function.json, sorted."""
    with os.scandir(root) as entries:
        return sorted(
            entry.name
            for entry in entries
            if entry.is_dir() and os.path.isfile(os.path.join(entry.path, "function.json"))
        )


def declared_functions(root: str) -> list[str]:
    """The functions that the app's files declare, as far as can be seen without running them."""
    from lazulite.cli.python_source import Source, decorated_functions, python_files

    if not os.path.isfile(os.path.join(root, script_file(root))):
        return v1_functions(root)
    names: list[str] = []
    for path in python_files(root):
        try:
            names += decorated_functions(Source.read(path).tree)
        except FileSyntaxError:
            continue  # what can be read counts
    return names


def complete_function(context: object, parameter: object, incomplete: str) -> list[str]:
    """The functions of the app here, for the shell."""
    try:
        names = declared_functions(find_root())
    except LazuliteError:
        return []
    return [name for name in names if name.lower().startswith(incomplete.lower())]
