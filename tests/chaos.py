"""Everything goes wrong for a while, at random but seeded; afterwards the books must balance.

HTTP load, a queue and a timer run while workers, the template and the host are killed, the store is
locked by somebody else, code is edited and configuration broken and mended.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.harness import APPS, environment, free_port
from tests.load import Connection, Failure, Load, get, hammer, post

SETTLE = 30.0  # seconds that messages have to be processed when all is well again
PERIOD = 2.0  # seconds from tick to tick
RECOVERY = 5.0  # seconds after a fault in which a 503 is no surprise
FAULTS = (
    *("kill worker",) * 4,
    *("edit code",) * 3,
    *("break code", "break configuration"),
    *("kill template", "kill host", "lock store"),
)


@dataclass
class Books:
    """What was done and what came of it. faults: when (time.monotonic()) something was killed,
    which explains failures of requests that were on their way; locked: when the store was, from and
    to; due: occurrences of the schedule in the time; memory: bytes of all processes."""

    seed: int
    faults: list[float] = field(default_factory=list)
    locked: list[tuple[float, float]] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    work: Load = field(default_factory=Load)
    enqueue: Load = field(default_factory=Load)
    accepted: set[str] = field(default_factory=set)
    processed: Counter[str] = field(default_factory=Counter)
    ticks: list[float] = field(default_factory=list)
    due: int = 0
    memory: list[int] = field(default_factory=list)
    recovered: bool = False
    orphans: list[int] = field(default_factory=list)

    @property
    def lost(self) -> set[str]:
        """Messages that were accepted and never processed."""
        return self.accepted - self.processed.keys()

    @property
    def repeated(self) -> list[float]:
        """Ticks that came right after another."""
        return [b for a, b in zip(self.ticks, self.ticks[1:], strict=False) if b - a < 0.5]

    @property
    def unexplained(self) -> list[str]:
        """Failures of HTTP requests that nothing accounts for: a kill of the worker they were on or
        of the host that their outputs need, nobody there to answer right after kills, a store that
        cannot be written."""
        loads = (self.work, self.enqueue)
        failures = [f for load in loads for f in (*load.failures, *load.others)]
        return [
            f"{failure.what} ({failure.until - failure.since:.2f} s)"
            for failure in failures
            if not self._was_in_flight(failure)
            and not (failure.what.startswith("503") and self._is_recovering(failure.until))
            and not (failure in self.enqueue.others and self._was_locked(failure))
        ]

    def _was_in_flight(self, failure: Failure) -> bool:
        return any(failure.since - 0.5 <= at <= failure.until for at in self.faults)

    def _is_recovering(self, instant: float) -> bool:
        return any(at <= instant <= at + RECOVERY for at in self.faults)

    def _was_locked(self, answer: Failure) -> bool:
        return any(answer.since <= end and begin <= answer.until for begin, end in self.locked)

    @property
    def growth(self) -> float:
        """Memory at the end as a multiple of that at the start: medians of a third each."""
        third = max(1, len(self.memory) // 3)
        return statistics.median(self.memory[-third:]) / statistics.median(self.memory[:third])

    def __str__(self) -> str:
        twice = sum(count - 1 for count in self.processed.values())
        lines = [
            f"seed {self.seed}: {dict(self.done)}",
            f"HTTP: {dict(self.work.statuses)}, {len(self.work.failures)} failures in flight, "
            f"{len(self.unexplained)} unexplained, p99 {self.work.percentile(0.99) * 1000:.1f} ms",
            f"queue: {len(self.accepted)} messages accepted, {len(self.lost)} lost, "
            f"{twice} processed again; enqueuing: {dict(self.enqueue.statuses)}, "
            f"{len(self.enqueue.failures)} failures in flight",
            f"timer: {len(self.ticks)} ticks of {self.due} due, {len(self.repeated)} fired again",
            f"memory: {' '.join(f'{size / 1e6:.0f}' for size in self.memory)} MB, "
            f"{self.growth:.2f} times at the end what it was at the start",
            f"recovered: {self.recovered}, orphans: {len(self.orphans)}",
        ]
        return "\n".join(lines + self.unexplained[:10])


class Victim:
    """The app, and what can be done to it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.app = Path(shutil.copytree(APPS / "chaos", folder / "app"))
        self.notes = folder / "notes"
        self.notes.mkdir()
        self.port = free_port()
        self.log = folder / "log.txt"
        self.process: subprocess.Popen[bytes]
        self.books = Books(seed)
        self.random = random.Random(seed)
        self.version = 0
        self._sources = {p.name: p.read_text() for p in self.app.iterdir() if p.is_file()}

    def start(self) -> None:
        """`func start`."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "lazulite.cli", "start", "--port", str(self.port)],
                cwd=self.app,
                env={
                    **{k: v for k, v in environment().items() if v is not None},
                    "CHAOS_FOLDER": str(self.notes),
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def processes(self) -> list[int]:
        """Host, template, workers, also those whose template was killed."""
        host = self.process.pid
        listing = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid=,pgid=,stat="], capture_output=True, text=True, check=True
        )
        rows = [line.split() for line in listing.stdout.splitlines()]
        group = [(int(r[0]), int(r[1])) for r in rows if int(r[2]) == host and "Z" not in r[3]]
        template = [pid for pid, parent in group if parent == host]
        workers = [pid for pid, _ in group if pid != host and pid not in template]
        return [host, *template, *workers]

    async def wait_until_well(self, seconds: float = 30.0) -> bool:
        """Whether it answers within the time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            connection = Connection(self.port)
            with contextlib.suppress(OSError, EOFError, asyncio.TimeoutError):
                status, _ = await asyncio.wait_for(connection.ask(get("/work")), 5)
                if status == 200:
                    return True
            connection.close()
            await asyncio.sleep(0.05)
        return False

    async def fault(self, kind: str) -> None:
        """Do it, and return when what has to be mended by hand is mended."""
        self.books.done[kind] += 1
        action = getattr(self, "_" + kind.replace(" ", "_"))
        await action()

    def _kill(self, pid: int) -> None:
        self.books.faults.append(time.monotonic())
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        self.books.faults.append(time.monotonic())

    async def _kill_worker(self) -> None:
        workers = self.processes()[2:]
        if workers:
            self._kill(self.random.choice(workers))

    async def _kill_template(self) -> None:
        template = self.processes()[1:2]
        if template:
            self._kill(template[0])

    async def _kill_host(self) -> None:
        self._kill(self.process.pid)
        self.process.wait()
        down = asyncio.ensure_future(self._note_downtime())
        self.start()
        self.books.recovered = await self.wait_until_well()
        down.cancel()

    async def _note_downtime(self) -> None:
        while True:
            self.books.faults.append(time.monotonic())
            await asyncio.sleep(0.1)

    async def _serving(self) -> list[int]:
        """The workers that serve, and not those that are about to."""
        connection = Connection(self.port)
        with contextlib.suppress(OSError, EOFError, asyncio.TimeoutError):
            request = get("/admin/host/processes")
            status, body = await asyncio.wait_for(connection.ask(request), 5)
            if status == 200:
                found = json.loads(body)
                return [p["processId"] for p in found if p["processName"].startswith("worker")]
        return []

    async def _edit_code(self) -> None:
        self.version += 1
        text = self._sources["function_app.py"]
        text = re.sub(r"VERSION = \d+", f"VERSION = {self.version}", text)
        (self.app / "function_app.py").write_text(text)

    async def _break_code(self) -> None:
        # while one worker with good code lives, broken code is served by none
        await self.wait_until_well()
        (self.app / "function_app.py").write_text("def broken(:\n")
        serving = await self._serving()
        if len(serving) > 1:
            self._kill(self.random.choice(serving))
        await asyncio.sleep(self.random.uniform(0.2, 1.0))
        await self._edit_code()

    async def _break_configuration(self) -> None:
        (self.app / "host.json").write_text('{"version": ')
        await asyncio.sleep(self.random.uniform(0.2, 1.0))
        (self.app / "host.json").write_text(self._sources["host.json"])

    async def _lock_store(self) -> None:
        found = list((self.app / ".lazulite").rglob("store.db"))
        if not found:
            return
        (path,) = found
        store = sqlite3.connect(path, timeout=5, isolation_level=None)
        try:
            store.execute("BEGIN IMMEDIATE")
            begin = time.monotonic()
            await asyncio.sleep(self.random.uniform(0.5, 2.0))
            store.execute("ROLLBACK")
            self.books.locked.append((begin, time.monotonic()))
        except sqlite3.OperationalError:
            pass  # it is busy: a fault of its own
        finally:
            store.close()

    def count(self) -> None:
        """Read what the functions have left."""
        books = self.books
        with contextlib.suppress(FileNotFoundError):
            books.processed = Counter((self.notes / "messages").read_text().split("\n")[:-1])
        with contextlib.suppress(FileNotFoundError):
            lines = (self.notes / "ticks").read_text().split("\n")[:-1]
            books.ticks = sorted(map(float, lines))

    def weigh(self) -> None:
        """Note the memory of all processes: what is theirs alone, and their share of the rest."""
        total = 0
        for pid in self.processes():
            with contextlib.suppress(OSError):
                text = Path(f"/proc/{pid}/smaps_rollup").read_text()
                total += sum(int(n) for n in re.findall(r"^Pss:\s+(\d+)", text, re.M)) * 1024
        self.books.memory.append(total)


async def run(folder: Path, seconds: float, seed: int, connections: int = 8) -> Books:
    """Chaos for `seconds`, then peace; the books."""
    victim = Victim(folder, seed)
    books = victim.books
    victim.start()
    assert await victim.wait_until_well(), victim.log.read_text()
    end = time.monotonic() + seconds
    began = time.time()
    number = iter(range(10**9))

    def going() -> bool:
        return time.monotonic() < end

    def accepted(request: bytes, status: int) -> None:
        if status == 200:
            books.accepted.add(request.split(b" ", 2)[1].rsplit(b"/", 1)[1].decode())

    load = [
        asyncio.ensure_future(
            hammer(victim.port, books.work, lambda: get("/work"), going, pause=0.02, interval=0.005)
        )
        for _ in range(connections)
    ]
    load += [
        asyncio.ensure_future(
            hammer(
                victim.port,
                books.enqueue,
                lambda: post(f"/enqueue/{next(number)}"),
                going,
                accepted,
                pause=0.02,
                interval=0.02,
            )
        )
        for _ in range(2)
    ]
    try:
        while going():
            await asyncio.sleep(victim.random.uniform(0.3, 1.2))
            await victim.fault(victim.random.choice(FAULTS))
            victim.weigh()
        await asyncio.gather(*load)
        await _settle(victim)
        books.due = int(time.time() // PERIOD - began // PERIOD)
        everyone = victim.processes()
        victim.process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(victim.process.wait, 20)
        books.orphans = await _left(everyone)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(victim.process.pid, signal.SIGKILL)
    return books


async def _left(pids: list[int]) -> list[int]:
    """Those that still run a moment after the host: the template ends by itself when it notices."""
    end = time.monotonic() + RECOVERY
    while (left := [p for p in pids if Path(f"/proc/{p}/exe").exists()]) and time.monotonic() < end:
        await asyncio.sleep(0.05)
    return left


async def _settle(victim: Victim) -> None:
    books = victim.books
    await victim._edit_code()
    (victim.app / "host.json").write_text(victim._sources["host.json"])
    books.recovered = await victim.wait_until_well()
    end = time.monotonic() + SETTLE
    victim.count()
    while books.lost and time.monotonic() < end:
        await asyncio.sleep(0.2)
        victim.count()
