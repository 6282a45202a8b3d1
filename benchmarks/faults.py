"""What happens when things go wrong or there is too much of them.

scripts/bench faults                        all parts
scripts/bench faults reload idle            some of: chaos reload idle overload replace
scripts/bench faults chaos --seconds 60 --seed 7
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests import chaos
from tests.e2e.harness import children, environment, free_port
from tests.load import HOST, Connection, Load, get, hammer

APP = Path(__file__).parent / "apps" / "faults"


class App:
    """`func start` over a copy of the app."""

    def __init__(self, root: Path, **settings: str) -> None:
        self.root = root
        self.port = free_port()
        env = {name: value for name, value in environment().items() if value is not None}
        self._log = open(root.parent / "log.txt", "wb")  # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lazulite.cli", "start", "--port", str(self.port)],
            cwd=root,
            env={**env, **settings},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )

    def workers(self) -> list[int]:
        return [pid for parent in children(self.process.pid) for pid in children(parent)]

    def memory(self) -> int:
        """Of all workers, in bytes: proportional, or resident where that is not known."""
        return sum(map(memory, self.workers()))

    async def ready(self) -> None:
        while True:
            try:
                if (await Connection(self.port).ask(get("/api/version")))[0] == 200:
                    return
            except (OSError, EOFError):
                pass
            await asyncio.sleep(0.05)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self._log.close()


def memory(pid: int) -> int:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(number) for number in re.findall(r"^Pss:\s+(\d+)", text, re.M)) * 1024


@asynccontextmanager
async def running(**settings: str) -> AsyncIterator[App]:
    with tempfile.TemporaryDirectory() as folder:
        app = App(Path(shutil.copytree(APP, Path(folder, "app"))), **settings)
        try:
            await app.ready()
            await asyncio.sleep(1)
            yield app
        finally:
            app.stop()


def for_seconds(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() < end


async def many(count: int, make: Callable[[], Coroutine[Any, Any, None]]) -> None:
    await asyncio.gather(*(make() for _ in range(count)))


async def throughput(app: App, path: str, connections: int, seconds: float) -> tuple[float, Load]:
    """Answers with status 200 per second."""
    load, going = Load(), for_seconds(seconds)
    await many(connections, lambda: hammer(app.port, load, lambda: get(path), going, pause=0.01))
    return load.statuses[200] / seconds, load


# the parts


async def run_chaos(options: argparse.Namespace) -> None:
    seed = options.seed if options.seed is not None else random.randrange(10**6)
    with tempfile.TemporaryDirectory() as folder:
        books = await chaos.run(Path(folder), options.seconds, seed)
    print(f"chaos for {options.seconds:g} s\n{books}\n")


async def run_reload(options: argparse.Namespace) -> None:
    """Edits under load: how long until the new answer, and whether any request failed."""
    async with running() as app:
        source = app.root / "function_app.py"
        text = source.read_text()
        load, seconds, done = Load(), [], False
        tasks = [
            asyncio.ensure_future(
                hammer(
                    app.port, load, lambda: get("/api/version"), lambda: not done, interval=0.005
                )
            )
            for _ in range(8)
        ]
        probe = Connection(app.port)
        for number in range(1, options.reloads + 1):
            began = time.perf_counter()
            source.write_text(text.replace("VERSION = 0", f"VERSION = {number}"))
            while (await probe.ask(get("/api/version")))[1] != str(number).encode():
                await asyncio.sleep(0.002)
            seconds.append(time.perf_counter() - began)
            await asyncio.sleep(0.05)
        done = True
        await asyncio.gather(*tasks)
        failed = len(load.failures) + sum(n for s, n in load.statuses.items() if s != 200)
        print(
            f"{options.reloads} reloads under load: {load.statuses[200]} requests, "
            f"{failed} failed\n"
            f"  from save to new answer: median {statistics.median(seconds):.3f} s, "
            f"p90 {sorted(seconds)[int(len(seconds) * 0.9)]:.3f} s, most {max(seconds):.3f} s\n"
        )


async def run_replace(options: argparse.Namespace) -> None:
    """How long a killed worker is missed."""
    async with running() as app:
        seconds = []
        for _ in range(5):
            await asyncio.sleep(6)  # a worker that lived is replaced at once
            (worker,) = app.workers()
            began = time.perf_counter()
            os.kill(worker, signal.SIGKILL)
            while True:
                try:
                    await Connection(app.port).ask(get("/api/version"))
                    break
                except (OSError, EOFError):
                    pass
            seconds.append(time.perf_counter() - began)
        print(f"a killed worker is replaced in {statistics.median(seconds) * 1000:.0f} ms\n")


async def run_idle(options: argparse.Namespace) -> None:
    """Idle and slow clients beside normal traffic."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    idle = min(options.idle, hard - 1000)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    async with running() as app:
        rounds = []
        await throughput(app, "/api/version", 32, 2)
        alone, _ = await throughput(app, "/api/version", 32, 5)
        before = app.memory()
        clients = [Connection(app.port) for _ in range(idle)]
        for start in range(0, idle, 200):
            await asyncio.gather(
                *(c.ask(get("/api/version")) for c in clients[start : start + 200])
            )
        after = app.memory()
        slow = [asyncio.ensure_future(trickle(app.port)) for _ in range(options.slow)]
        await asyncio.sleep(1)
        for _ in range(3):
            rounds.append((await throughput(app, "/api/version", 32, 5))[0])
        beside = statistics.median(rounds)
        alive = sum([(await c.ask(get("/api/version")))[0] == 200 for c in clients[::100]])
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        for client in clients:
            client.close()
        await asyncio.sleep(1)
        again, _ = await throughput(app, "/api/version", 32, 5)
        print(
            f"{idle} idle connections and {options.slow} slow clients\n"
            f"  throughput beside them {beside:.0f}/s, without {alone:.0f}/s before and "
            f"{again:.0f}/s after: ratio {beside / statistics.mean((alone, again)):.2f}\n"
            f"  memory per idle connection {(after - before) / idle / 1024:.1f} KB; "
            f"{alive} of {len(clients[::100])} asked still answer\n"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def trickle(port: int) -> None:
    """A client that sends a byte of its request every now and then."""
    while True:
        try:
            _, writer = await asyncio.open_connection(HOST, port)
            try:
                for byte in get("/api/version")[:-1]:
                    writer.write(bytes([byte]))
                    await asyncio.sleep(0.5)
            finally:
                writer.close()
        except OSError:
            await asyncio.sleep(0.5)


async def run_overload(options: argparse.Namespace) -> None:
    """Twice as many requests as can be served, with a limit on those outstanding."""
    settings = {"AzureFunctionsJobHost__extensions__http__maxOutstandingRequests": "32"}
    async with running(**settings) as app:
        await throughput(app, "/api/work", 16, 1)
        capacity, normal = await throughput(app, "/api/work", 16, 5)
        before = app.memory()
        load = Load()
        connections = 128
        interval = connections / (2 * capacity)
        going = for_seconds(options.overload)
        await many(
            connections,
            lambda: hammer(
                app.port, load, lambda: get("/api/work"), going, pause=0.05, interval=interval
            ),
        )
        during = app.memory()
        recovered, after = await throughput(app, "/api/work", 16, 3)
        refused = sorted(load.refused)
        offered = sum(load.statuses.values()) / options.overload
        print(
            f"overload for {options.overload:g} s: {offered:.0f}/s offered, "
            f"capacity {capacity:.0f}/s (p99 {normal.percentile(0.99) * 1000:.0f} ms)\n"
            f"  admitted {load.statuses[200] / options.overload:.0f}/s, "
            f"p99 {load.percentile(0.99) * 1000:.0f} ms; "
            f"{load.statuses[429]} answers 429, median "
            f"{(statistics.median(refused) if refused else 0) * 1000:.0f} ms; "
            f"others { ({s: n for s, n in load.statuses.items() if s not in (200, 429)}) }, "
            f"{len(load.failures)} failures\n"
            f"  memory {before / 1e6:.0f} MB before, {during / 1e6:.0f} MB during; "
            f"afterwards {recovered:.0f}/s, p99 {after.percentile(0.99) * 1000:.0f} ms\n"
        )


PARTS = {
    "reload": run_reload,
    "replace": run_replace,
    "idle": run_idle,
    "overload": run_overload,
    "chaos": run_chaos,
}


def main() -> None:
    parser = argparse.ArgumentParser(description="What happens when things go wrong.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--seconds", type=float, default=60, help="of chaos")
    parser.add_argument("--seed", type=int, help="of chaos")
    parser.add_argument("--reloads", type=int, default=200)
    parser.add_argument("--idle", type=int, default=10_000, help="idle connections")
    parser.add_argument("--slow", type=int, default=500, help="slow clients")
    parser.add_argument("--overload", type=float, default=30, help="seconds of overload")
    options = parser.parse_args()
    unknown = [part for part in options.parts if part not in PARTS]
    if unknown:
        parser.error(f"there is no part '{unknown[0]}': choose from {', '.join(PARTS)}")
    for part in options.parts or PARTS:
        asyncio.run(PARTS[part](options))


if __name__ == "__main__":
    main()
