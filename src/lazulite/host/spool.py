"""The folder through which large values travel between host and workers."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from lazulite.model import Data

_PREFIX = "spool-"


class Spool:
    """One host's folder, beside the embedded store where that can be.

    The host locks a file for as long as it lives: whoever starts next deletes what hosts that were
    killed have left.
    """

    def __init__(self, root: str) -> None:
        self.path, self._lock = _open(root)

    def discard(self, values: Iterable[Data]) -> None:
        """Delete the files of values whose invocation is over. Others' files are left alone."""
        for value in values:
            if value.type == "file" and os.path.dirname(value.value) == self.path:
                with contextlib.suppress(OSError):
                    os.unlink(value.value)

    def sweep(self) -> None:
        """Delete what worker processes that died were about to write."""
        for part in Path(self.path).glob("part-*"):
            pid = part.name.split("-")[1]
            if pid.isdecimal() and not _is_alive(int(pid)):
                with contextlib.suppress(OSError):
                    part.unlink()

    def close(self) -> None:
        """Delete all."""
        shutil.rmtree(self.path, ignore_errors=True)
        with contextlib.suppress(OSError):
            os.unlink(f"{self.path}.lock")
        os.close(self._lock)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _open(root: str) -> tuple[str, int]:
    base = Path(root, ".lazulite")
    try:
        base.mkdir(exist_ok=True)
        _ignore(base)
        path = tempfile.mkdtemp(prefix=_PREFIX, dir=base)
    except OSError:
        path = tempfile.mkdtemp(prefix=f"lazulite-{_PREFIX}")
    else:
        _sweep(base)
    lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return path, lock


def _ignore(base: Path) -> None:
    """Keep the folder out of version control: it holds the state of a program's run."""
    with contextlib.suppress(FileExistsError), open(base / ".gitignore", "x") as file:
        file.write("*\n")


def _sweep(base: Path) -> None:
    for lock in base.glob(f"{_PREFIX}*.lock"):
        with contextlib.suppress(OSError):
            descriptor = os.open(lock, os.O_RDWR)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
                lock.unlink()
            finally:
                os.close(descriptor)
