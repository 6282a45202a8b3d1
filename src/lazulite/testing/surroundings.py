"""What is the app's only while it runs: its environment and its working directory."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

Variables = Mapping[bytes, bytes]

_ZONE = b"TZ"
# pytest changes these while an app is open, and expects to find what it left
_OTHERS_OWN = (b"PYTEST_CURRENT_TEST",)


class Surroundings:
    """The variables and the folder of the app in `root`. Made before the app is loaded.

    `take_off` gives the process back to the test and keeps what the app, or its settings, changed;
    `put_on` does the reverse. As a context manager it is put on around a call. A variable that the
    test has changed since is the test's: a patch meets the app.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._changes: dict[bytes, tuple[bytes | None, bytes | None]] = {}
        self._on = True
        self._folder = _folder()
        self._base = self._known = _variables()

    def put_on(self) -> None:
        """Give the process the app's variables and folder."""
        if self._on:
            return
        self._on = True
        self._folder = _folder()
        self._base = _variables()
        for name, (before, value) in self._changes.items():
            if self._base.get(name) == before:
                _set(name, value)
        self._known = _variables()
        if os.path.isdir(self._root):
            os.chdir(self._root)

    def take_off(self) -> None:
        """Give the process the test's again."""
        if not self._on:
            return
        self._on = False
        now, base = _variables(), self._base
        for name in now.keys() | self._known.keys():
            if now.get(name) != self._known.get(name) and name not in _OTHERS_OWN:
                self._changes[name] = (base.get(name), now.get(name))
        for name in self._changes:
            if now.get(name) != base.get(name):
                _set(name, base.get(name))
        if self._folder and os.path.isdir(self._folder):
            os.chdir(self._folder)

    def __enter__(self) -> None:
        self.put_on()

    def __exit__(self, *error: object) -> None:
        self.take_off()


def _variables() -> Variables:
    """A copy of the environment, as it is stored: this is done twice for each call."""
    stored = getattr(os.environb, "_data", os.environb)
    return dict(stored)


def _set(name: bytes, value: bytes | None) -> None:
    if value is None:
        os.environb.pop(name, None)
    else:
        os.environb[name] = value
    if name == _ZONE and hasattr(time, "tzset"):
        time.tzset()


def _folder() -> str:
    """The working directory; '' when it was deleted."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return ""
