"""How an app is opened for tests."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict

from lazulite.errors import UsageError


class OpenOptions(TypedDict, total=False):
    """How an app is opened.

    settings: app settings over the environment's and local.settings.json's; functions: load only
    these; now: where the clock starts (in process); auth: ask for keys, as a deployed app does;
    triggers: False leaves queues, blobs and timers alone (in process); fresh: import the app's
    modules anew even where the test has imported some; storage: a folder that keeps the storage;
    raise_exceptions: see AsyncAppClient; patience: seconds of real time in which the app must come
    to rest; allow_errors: open the app although it has no functions, or some that cannot be used;
    process: run `func start` instead, with this Python.
    """

    settings: Mapping[str, str]
    functions: Sequence[str]
    now: datetime | None
    auth: bool
    triggers: bool
    fresh: bool
    storage: str | os.PathLike[str] | None
    raise_exceptions: bool
    patience: float
    allow_errors: bool
    process: bool


def check_options(options: Mapping[str, Any]) -> None:
    """Raise TypeError for what is no option or no value of one, UsageError for what a process
    cannot have."""
    known = OpenOptions.__annotations__
    for name in options:
        if name not in known:
            raise TypeError(f"open_app has no option '{name}'. There are: {', '.join(known)}.")
    for name, value in options.get("settings", {}).items():
        if not isinstance(value, str):
            raise TypeError(f"The setting {name!r} is {value!r}: app settings are text.")
    functions = options.get("functions", ())
    if isinstance(functions, str):
        raise TypeError(f"functions={functions!r} is no list: write functions=[{functions!r}].")
    now = options.get("now")
    if now is not None and not isinstance(now, datetime):
        raise TypeError(f"now={now!r} is no datetime.")
    if options.get("process"):
        if now is not None:
            raise UsageError(
                "now= sets the clock of an app in process; a process has the machine's.",
                hint="Leave out now= or process=True.",
            )
        if not options.get("triggers", True):
            raise UsageError(
                "triggers=False is for an app in process.",
                hint="Leave out the functions that have triggers with functions=[...].",
            )
