"""Tells the commands of this machine where the host of an app is, while it is there."""

from __future__ import annotations

import os

from lazulite.host import runtime_file
from lazulite.host.runtime_file import RuntimeFile


class Presence:
    """known: to every command; else only to the one that started this host."""

    def __init__(self, root: str, content: RuntimeFile, known: bool) -> None:
        self._path = runtime_file.place(root, None if known else content.pid)
        self._content = content

    def announce(self) -> None:
        """The host answers."""
        runtime_file.write(self._path, self._content)

    def withdraw(self) -> None:
        """The host ends."""
        runtime_file.remove(self._path, self._content.pid)


def presence(
    root: str, scheme: str, address: str, port: int, instance_id: str, known: bool
) -> Presence:
    """The presence of this process."""
    return Presence(root, RuntimeFile(os.getpid(), scheme, address, port, instance_id), known)
