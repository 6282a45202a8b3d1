"""A thread that owns one SQLite connection and runs what event loops ask of it."""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from lazulite.errors import LazuliteError
from lazulite.stores.embedded.errors import translate

T = TypeVar("T")
Operation = Callable[[sqlite3.Connection], T]

MOST_PER_COMMIT = 256


@dataclass(slots=True)
class _Job:
    operation: Operation[Any]
    future: asyncio.Future[Any]
    undo: Callable[[Any], None] | None
    result: Any = None
    error: LazuliteError | None = None


class Lane:
    """Runs operations in order, as many as wait in one transaction ("group commit").

    One fsync then serves many callers, and each event loop is woken once per transaction. An
    operation that fails takes back its own changes only. Each statement costs a hand-over of the
    interpreter's lock, long when the event loops are busy: operations use few statements and fetch
    few rows, and there are no savepoints.

    path: for messages; connect: called once, in the thread; check: called before each transaction,
    raises when none can be; write: whether operations may write; idle: called in the thread each
    `interval` seconds while `wanted()`, and after transactions.
    """

    def __init__(
        self,
        path: str,
        connect: Callable[[], sqlite3.Connection],
        *,
        check: Callable[[], None],
        write: bool,
        idle: Callable[[sqlite3.Connection], None] | None = None,
        wanted: Callable[[], bool] = lambda: False,
        interval: float = 0.05,
    ) -> None:
        self._path = path
        self._connect = connect
        self._check = check
        self._write = write
        self._idle = idle
        self._wanted = wanted
        self._interval = interval
        self._jobs: queue.SimpleQueue[_Job | Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._closed = False

    async def run(self, operation: Operation[T], undo: Callable[[T], None] | None = None) -> T:
        """The operation's result, once it is durable. Raises what the operation raised, or
        StoreError.

        A cancelled call whose operation has begun ends normally nevertheless: `undo` then gets
        its result, in the event loop.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        with self._lock:
            if self._closed:
                raise translate(sqlite3.ProgrammingError("it is closed"), self._path)
            self._start()
            self._jobs.put(_Job(operation, future, undo))
        return await future

    def nudge(self) -> None:
        """Make the thread look at `wanted` again."""
        with self._lock:
            if not self._closed:
                self._start()
                self._jobs.put(_nothing)

    async def close(self) -> None:
        """End the thread after what was asked so far, and close the connection."""
        with self._lock:
            self._closed = True
            thread, self._thread = self._thread, None
        if thread is not None:
            self._jobs.put(None)
            await asyncio.to_thread(thread.join)

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._main, name="lazulite-store", daemon=True)
            self._thread.start()

    def _main(self) -> None:
        connection: sqlite3.Connection | None = None
        ending = False
        while not ending:
            jobs, ending = self._take()
            try:
                connection = connection or self._connect()
                self._check()
            except Exception as error:
                for job in jobs:
                    job.error = translate(error, self._path)
            else:
                if jobs:
                    self._transact(connection, jobs)
                if self._idle is not None and self._wanted():
                    self._idle(connection)
            _answer(jobs)
        if connection is not None:
            connection.close()

    def _take(self) -> tuple[list[_Job], bool]:
        """The jobs that wait, after waiting for one; and whether to end."""
        jobs: list[_Job] = []
        try:
            item = self._jobs.get(timeout=self._interval if self._wanted() else None)
            while True:
                if item is None:
                    return jobs, True
                if isinstance(item, _Job):
                    jobs.append(item)
                if len(jobs) == MOST_PER_COMMIT:
                    break
                item = self._jobs.get_nowait()
        except queue.Empty:
            pass
        return jobs, False

    def _transact(self, connection: sqlite3.Connection, jobs: list[_Job]) -> None:
        jobs = [job for job in jobs if _is_wanted(job)]
        if not jobs:
            return
        try:
            connection.execute("BEGIN IMMEDIATE" if self._write else "BEGIN")
        except sqlite3.Error as error:  # held by another process for all the time one can wait
            for job in jobs:
                job.error = translate(error, self._path)
            return
        try:
            for job in jobs:
                _attempt(connection, job)
            connection.execute("COMMIT")
        except Exception as error:
            try:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
            except sqlite3.Error:
                pass
            if len(jobs) == 1:
                jobs[0].error = translate(error, self._path)
            else:  # what failed may be one job's doing: the others must not suffer
                for job in jobs:
                    job.error = None
                    self._transact(connection, [job])


def _is_wanted(job: _Job) -> bool:
    if job.future.cancelled():
        job.undo = None
        return False
    return True


def _attempt(connection: sqlite3.Connection, job: _Job) -> None:
    before = connection.total_changes
    try:
        job.result = job.operation(connection)
    except LazuliteError as error:
        if connection.total_changes != before:  # roll back, and run each job on its own
            raise
        job.error = error


def _answer(jobs: list[_Job]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
    for job in jobs:
        by_loop.setdefault(job.future.get_loop(), []).append(job)
    for loop, answered in by_loop.items():
        try:
            loop.call_soon_threadsafe(_complete, answered)
        except RuntimeError:  # the loop is closed: nobody waits
            pass


def _complete(jobs: list[_Job]) -> None:
    for job in jobs:
        if job.future.cancelled():
            if job.undo is not None and job.error is None:
                job.undo(job.result)
        elif job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.result)


def _nothing() -> None: ...
