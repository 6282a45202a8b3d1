"""Blob contents too large for the database: one file each, written whole before it is named."""

from __future__ import annotations

import fcntl
import os
import shutil
import uuid
from pathlib import Path

PIECE = 1 << 20


class BlobFiles:
    """The folder `blobs/` and, beneath `tmp/`, this process's own staging folder.

    Each process holds a file lock for as long as it lives, so that whoever opens the store next
    knows which staging folders are left from the dead. `open`, `sweep` and `publish` are called
    inside the database's write transaction, which orders them among processes.
    """

    def __init__(self, folder: str) -> None:
        self._blobs = Path(folder, "blobs")
        self._staging = Path(folder, "tmp")
        self._own: Path | None = None
        self._lock = -1

    def open(self) -> None:
        """Make the folders, take the lock, clean up after processes that died."""
        self._blobs.mkdir(parents=True, exist_ok=True)
        self._staging.mkdir(exist_ok=True)
        for left in self._staging.glob("*.lock"):
            _clear_if_dead(left)
        own = self._staging / uuid.uuid4().hex
        self._lock = os.open(own.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        own.mkdir()
        self._own = own

    @property
    def process(self) -> str:
        """The name of this process among those that have the store open."""
        return self._own.name if self._own is not None else ""

    def is_dead(self, process: str) -> bool:
        """Whether a process that had the store open has ended; False when its name is not known."""
        if not process or process == self.process:
            return False
        try:
            descriptor = os.open(self._staging / f"{process}.lock", os.O_RDWR)
        except FileNotFoundError:
            return True  # whoever opened the store since has cleaned up after it
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(descriptor)
        return True

    def sweep(self, known: set[str]) -> None:
        """Delete the contents that no blob refers to."""
        for name in os.listdir(self._blobs):
            if name not in known:
                self.remove(name)

    def stage(self, source: bytes | str) -> tuple[Path, int]:
        """Write bytes, or copy the file at path `source`, durably aside: (path, length)."""
        assert self._own is not None
        path = self._own / uuid.uuid4().hex
        with open(path, "xb") as target:
            if isinstance(source, bytes):
                target.write(source)
                target.flush()
            else:
                with open(source, "rb") as content:
                    _copy(content.fileno(), target.fileno())
            os.fsync(target.fileno())
            return path, os.fstat(target.fileno()).st_size

    def publish(self, staged: Path) -> str:
        """Give a staged content its final, unique name, durably; return the name.

        May be repeated, as the transaction it belongs to may be.
        """
        name = staged.name
        try:
            os.rename(staged, self._blobs / name)
        except FileNotFoundError:
            if not (self._blobs / name).exists():
                raise
        folder = os.open(self._blobs, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return name

    def copy_out(self, name: str, path: str) -> None:
        """Copy a content to `path`. Raises FileNotFoundError when it was replaced meanwhile.

        A copy and not a link: whoever writes to the file at `path` must not reach the blob. The
        kernel copies, and shares the blocks where the file system can.
        """
        with open(self._blobs / name, "rb") as content, open(path, "wb") as target:
            _copy(content.fileno(), target.fileno())

    def remove(self, name: str) -> None:
        """Delete a content, if it is there; readers that have it open keep it."""
        (self._blobs / name).unlink(missing_ok=True)

    def discard(self, staged: Path) -> None:
        staged.unlink(missing_ok=True)

    def close(self) -> None:
        if self._own is not None:
            shutil.rmtree(self._own, ignore_errors=True)
            self._own.with_suffix(".lock").unlink(missing_ok=True)
            os.close(self._lock)
            self._own = None


def _copy(source: int, target: int) -> None:
    copy_range = getattr(os, "copy_file_range", None)  # Linux only
    if copy_range is not None:
        try:
            while copy_range(source, target, 1 << 30):
                pass
            return
        except OSError:  # across file systems on old kernels: the offsets stand where it stopped
            pass
    while piece := os.read(source, PIECE):
        view = memoryview(piece)
        while view:
            view = view[os.write(target, view) :]


def _clear_if_dead(lock: Path) -> None:
    try:
        descriptor = os.open(lock, os.O_RDWR)
    except FileNotFoundError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    else:
        shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
        lock.unlink(missing_ok=True)
    finally:
        os.close(descriptor)
