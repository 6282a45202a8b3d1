"""One database file: its connections, its opening, and news of what other processes did."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from lazulite.errors import StoreError
from lazulite.stores.embedded.files import BlobFiles
from lazulite.stores.embedded.lane import Lane, Operation
from lazulite.stores.embedded.schema import migrate
from lazulite.stores.hints import Hints, Key

T = TypeVar("T")

BUSY_SECONDS = 30.0


class Database:
    """`<folder>/store.db` and the blob files beside it. Constructing it does no I/O.

    Writes go through one thread that commits many at once; reads through another, which sees what
    is committed. Several processes may have the same folder open.

    now: seconds since the epoch, the clock of leases; interval: seconds between looks for what
    other processes did, while somebody waits for it; durable: False leaves syncing to the system.
    """

    def __init__(
        self,
        folder: str,
        *,
        now: Callable[[], float] = time.time,
        interval: float = 0.05,
        durable: bool = True,
    ) -> None:
        self.folder = folder
        self.path = str(Path(folder, "store.db"))
        self.now = now
        self.files = BlobFiles(folder)
        self._hints = Hints()
        self._opening = threading.Lock()
        self._file: tuple[int, int] | None = None  # device and inode, once it was opened
        self._seen_version = -1
        self._seen_counts: dict[Key, int] = {}
        self._next_look = 0.0
        self._interval = interval
        self._synchronous = "FULL" if durable else "OFF"
        self._writer = Lane(
            self.path,
            self._connect,
            check=self._check,
            write=True,
            idle=self._look,
            wanted=lambda: bool(self._hints),
            interval=interval,
        )
        self._tasks: set[asyncio.Future[None]] = set()
        self._reader = Lane(self.path, self._connect, check=self._check, write=False)

    async def write(self, operation: Operation[T], undo: Callable[[T], None] | None = None) -> T:
        """Run `operation` in a write transaction; see Lane.run."""
        return await self._writer.run(operation, undo)

    async def read(self, operation: Operation[T]) -> T:
        """Run `operation`, which does not write."""
        return await self._reader.run(operation)

    def wait(self, key: Key) -> asyncio.Future[None]:
        """A future that completes when `notify(key)` is called, or another process made news."""
        first = not self._hints
        future = self._hints.wait(key)
        if first:
            self._writer.nudge()
        return future

    def notify(self, key: Key) -> None:
        self._hints.notify((key,))

    def keep(self, task: asyncio.Future[None]) -> None:
        """Hold on to a task that nobody awaits; `close` waits for it."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._reader.close()
        await self._writer.close()
        self.files.close()

    def _connect(self) -> sqlite3.Connection:
        with self._opening:
            if self._file is None:
                Path(self.folder).mkdir(parents=True, exist_ok=True)
            else:
                self._check()
            connection = sqlite3.connect(
                self.path, timeout=BUSY_SECONDS, isolation_level=None, cached_statements=256
            )
            try:
                # FULL: the log is synced at each commit, so what is acknowledged outlives a power
                # failure. fullfsync does the same on macOS and nothing elsewhere.
                _use_wal(connection)
                for pragma in (
                    f"synchronous = {self._synchronous}",
                    "fullfsync = ON",
                    "journal_size_limit = 67108864",
                ):
                    connection.execute(f"PRAGMA {pragma}").fetchall()
                if self._file is None:
                    self._open(connection)
                    self._file = _identity(self.path)
            except BaseException:
                connection.close()
                raise
            return connection

    def _check(self) -> None:
        """SQLite would go on in a deleted file, and all would be lost with the process."""
        if _identity(self.path) != self._file:
            raise StoreError(
                f"The store {self.path} was deleted or replaced while it was in use.",
                hint="Start whatever uses it again: it then makes a new store.",
            )

    def _open(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        with contextlib.suppress(OSError):
            # the state of a program's run is nobody's source code
            Path(self.folder, ".gitignore").write_text("*\n")
        migrate(connection, self.path)
        self.files.open()
        rows = connection.execute("SELECT file FROM blobs WHERE file IS NOT NULL")
        self.files.sweep({name for (name,) in rows})
        connection.execute("COMMIT")

    def _look(self, connection: sqlite3.Connection) -> None:
        """Wake those who wait for a queue or container that another process changed."""
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + self._interval * 0.9
        try:
            version = connection.execute("PRAGMA data_version").fetchone()[0]
            if version == self._seen_version:
                return
            counts: dict[Key, int] = {
                (kind, name): count
                for kind, column in (("queues", "arrivals"), ("containers", "changes"))
                for name, count in connection.execute(f"SELECT name, {column} FROM {kind}")
            }
        except sqlite3.Error:  # whatever it is, the next operation meets it and reports it
            return
        news = [key for key, count in counts.items() if self._seen_counts.get(key) != count]
        self._seen_version, self._seen_counts = version, counts
        self._hints.notify(news)


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch a new database to its log; waits while another process does so at the same time,
    which SQLite itself does not in this case."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchall()
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino
