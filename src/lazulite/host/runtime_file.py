"""`.lazulite/host.json`: where the running host of an app is, for the commands that call it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class RuntimeFile:
    """A host at work: its process, and the address and port of its public socket."""

    pid: int
    scheme: str
    address: str
    port: int
    instance_id: str

    @property
    def url(self) -> str:
        """How this machine reaches it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(
            self.address, self.address
        )
        return f"{self.scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"


def place(root: str, pid: int | None = None) -> str:
    """The file of an app's host; with `pid` that of one which is not to be found by others."""
    return os.path.join(root, ".lazulite", "host.json" if pid is None else f"host-{pid}.json")


def write(path: str, content: RuntimeFile) -> None:
    """Write it whole; nothing happens in a folder that cannot be written to."""
    temporary = f"{path}.{content.pid}.tmp"
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(asdict(content), file)
        os.replace(temporary, path)
    except OSError:
        pass


def read(path: str) -> RuntimeFile | None:
    """What it says of a process that is alive, else None: a killed host leaves its file."""
    try:
        with open(path, encoding="utf-8") as file:
            found = RuntimeFile(**json.load(file))
        os.kill(found.pid, 0)
    except PermissionError:
        return found
    except (OSError, ValueError, TypeError):
        return None
    return found


def remove(path: str, pid: int) -> None:
    """Remove it, unless another host's has taken its place."""
    found = read(path)
    if found is not None and found.pid == pid:
        try:
            os.unlink(path)
        except OSError:
            pass
