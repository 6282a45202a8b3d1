"""HTTP: requests per second and latency, beside the bare server and others, from one run.

Rounds are interleaved and medians taken, so that a busy machine troubles all alike; what counts
are the ratios.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import timeit
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

BARE_RSGI = """
async def app(scope, proto):
    proto.response_str(200, [("content-type", "text/plain; charset=utf-8")], "Hello, world!")
"""
BARE_ASGI = """
HEADERS = [(b"content-type", b"text/plain; charset=utf-8")]
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b"Hello, world!"})
"""
FRAMEWORK = """
import functions_framework
@functions_framework.http
def hello(request):
    return "Hello, world!"
"""
OURS = """
import azure.functions as func
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

@app.route("async")
async def hello_async(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("Hello, world!")

@app.route("sync")
def hello_sync(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("Hello, world!")
"""
MANY = """
import azure.functions as func
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

def declare(number):
    @app.function_name(f"f{number}")
    @app.route(f"things/{number}/of/{{name}}")
    async def hello(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse("Hello, world!")

for number in range(COUNT):
    declare(number)
"""
HOST = '{"version": "2.0"}'


@dataclass
class Server:
    """A server process and what it answers."""

    command: Sequence[str]
    folder: Path
    port: int
    env: dict[str, str] = field(default_factory=dict)


@dataclass
class Subject:
    """One row of the table."""

    name: str
    server: str
    path: str
    rates: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)

    @property
    def latency(self) -> float:
        return statistics.median(self.p50)


SUBJECTS = (
    Subject("bare Granian RSGI", "rsgi", "/"),
    Subject("bare ASGI, uvicorn", "asgi", "/"),
    Subject("functions-framework, gunicorn", "framework", "/"),
    Subject("lazulite async, 1 worker", "ours", "/api/async"),
    Subject("lazulite sync, 1 worker", "ours", "/api/sync"),
    Subject("lazulite async, 2 workers", "ours2", "/api/async"),
    Subject("lazulite sync, 2 workers", "ours2", "/api/sync"),
    Subject("lazulite async, 1 of 1 route", "one", "/api/things/0/of/me"),
    Subject("lazulite async, last of 1,000", "many", "/api/things/999/of/me"),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of each measurement")
    parser.add_argument("--only", default="", help="subjects whose name contains this")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        print("This benchmark needs wrk: apt install wrk, or brew install wrk.", file=sys.stderr)
        return 1
    for module in ("uvicorn", "functions_framework", "gunicorn"):
        if not importable(module):
            print(f"{module} is missing: pip install 'lazulite[bench]'.", file=sys.stderr)
            return 1
    subjects = [s for s in SUBJECTS if options.only in s.name]
    with tempfile.TemporaryDirectory(prefix="lazulite-bench-") as folder:
        servers = make_servers(Path(folder), {s.server for s in subjects})
        running = [start(server) for server in servers.values()]
        try:
            for server in servers.values():
                wait_for(server.port)
            for number in range(options.rounds):
                show_progress(f"round {number + 1} of {options.rounds}")
                measure(subjects, servers, options.seconds)
        finally:
            for process in running:
                stop(process)
    show_progress("")
    report(subjects)
    report_routing()
    return 0


def importable(module: str) -> bool:
    from importlib.util import find_spec

    return find_spec(module) is not None


def make_servers(folder: Path, wanted: set[str]) -> dict[str, Server]:
    """The apps' files, and how each is started."""
    (folder / "bare_rsgi.py").write_text(BARE_RSGI)
    (folder / "bare_asgi.py").write_text(BARE_ASGI)
    (folder / "main.py").write_text(FRAMEWORK)
    apps = {"ours": OURS, "one": MANY.replace("COUNT", "1"), "many": MANY.replace("COUNT", "1000")}
    apps["ours2"] = OURS
    for name, source in apps.items():
        (folder / name).mkdir()
        (folder / name / "host.json").write_text(HOST)
        (folder / name / "function_app.py").write_text(source)
    python = sys.executable
    ports = {name: free_port() for name in (*apps, "rsgi", "asgi", "framework")}
    bare = ["--interface", "rsgi", "--no-log", "--no-ws", "--port", str(ports["rsgi"])]
    found = {
        "rsgi": [python, "-m", "granian", *bare, "bare_rsgi:app"],
        "asgi": [
            *(python, "-m", "uvicorn", "bare_asgi:app", "--port", str(ports["asgi"])),
            *("--log-level", "warning", "--no-access-log"),
        ],
        "framework": [
            *(python, "-m", "functions_framework", "--target", "hello"),
            *("--source", "main.py", "--port", str(ports["framework"])),
        ],
    }
    servers = {name: Server(line, folder, ports[name]) for name, line in found.items()}
    for name in apps:
        line = [python, "-m", "lazulite.cli", "start", "--port", str(ports[name])]
        workers = "2" if name == "ours2" else "1"
        env = {"FUNCTIONS_WORKER_PROCESS_COUNT": workers}
        servers[name] = Server(line, folder / name, ports[name], env)
    return {name: server for name, server in servers.items() if name in wanted}


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def start(server: Server) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        server.command,
        cwd=server.folder,
        env={**os.environ, **server.env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f"nothing listens on port {port}")


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)


def measure(subjects: Sequence[Subject], servers: dict[str, Server], seconds: float) -> None:
    for subject in subjects:
        url = f"http://127.0.0.1:{servers[subject.server].port}{subject.path}"
        if not subject.rates:
            with urllib.request.urlopen(url, timeout=60) as answer:
                assert answer.read() == b"Hello, world!", url
            wrk(url, 64, 0.5)  # warm
        said = wrk(url, 64, seconds)
        subject.rates.append(float(found(r"Requests/sec:\s+([\d.]+)", said)))
        said = wrk(url, 1, seconds)
        subject.p50.append(microseconds(found(r"\s50%\s+(\S+)", said)))
        subject.p99.append(microseconds(found(r"\s99%\s+(\S+)", said)))


def wrk(url: str, connections: int, seconds: float) -> str:
    line = ["wrk", "-t1", f"-c{connections}", f"-d{max(round(seconds), 1)}", "--latency", url]
    said = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said:
        raise SystemExit(f"{url} answered with errors:\n{said}")
    return said


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise SystemExit(f"wrk said something else than expected:\n{text}")
    return match[1]


def microseconds(text: str) -> float:
    for unit, factor in (("us", 1.0), ("ms", 1e3), ("s", 1e6)):
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * factor
    raise SystemExit(f"'{text}' is no time")


def show_progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def report(subjects: Sequence[Subject]) -> None:
    print(f"{'':32}{'requests/s':>12}{'p50 us':>9}{'p99 us':>9}   (64 connections; 1 connection)")
    for s in subjects:
        print(f"{s.name:32}{s.rate:12,.0f}{s.latency:9.0f}{statistics.median(s.p99):9.0f}")
    by_name = {s.name: s for s in subjects}
    mine, bare = "lazulite async, 1 worker", "bare Granian RSGI"
    goals: tuple[tuple[str, str, str, str, float | None], ...] = (
        ("async / bare Granian", "rate", mine, bare, 0.90),
        ("sync / bare Granian", "rate", "lazulite sync, 1 worker", bare, 0.65),
        ("async / functions-framework", "rate", mine, "functions-framework, gunicorn", 20),
        ("  bare Granian / the same", "rate", bare, "functions-framework, gunicorn", None),
        ("p50 async / bare Granian", "latency", mine, bare, 1.15),
        ("async / uvicorn", "rate", mine, "bare ASGI, uvicorn", None),
        ("async, 2 workers / 1", "rate", "lazulite async, 2 workers", mine, None),
        (
            "last of 1,000 routes / only one",
            "rate",
            "lazulite async, last of 1,000",
            "lazulite async, 1 of 1 route",
            0.95,
        ),
    )
    print()
    for label, what, ours, other, goal in goals:
        if ours not in by_name or other not in by_name:
            continue
        # of each round, so that what troubled one round troubles both sides
        pairs = zip(rounds(by_name[ours], what), rounds(by_name[other], what), strict=True)
        ratio = statistics.median(a / b for a, b in pairs)
        text = f"{label:32}{ratio:8.2f}"
        if goal is not None:
            met = ratio >= goal if what == "rate" else ratio <= goal
            sign = ">=" if what == "rate" else "<="
            text += f"   goal {sign} {goal:g}   {'met' if met else 'NOT met'}"
        print(text)


def report_routing() -> None:
    """The look-up alone, which the noise of a whole request hides."""
    from lazulite.web.routes import RouteTable

    times = {}
    for count in (1, 1000):
        routes = ((f"f{n}", f"api/things/{n}/of/{{name}}", None) for n in range(count))
        match = RouteTable(routes).match
        path = f"/api/things/{count - 1}/of/me"
        times[count] = (
            min(timeit.repeat(partial(match, "GET", path), number=10_000, repeat=20)) / 1e4
        )
    one, many = times[1] * 1e6, times[1000] * 1e6
    print(f"route look-up: {one:.2f} us of 1, {many:.2f} us of 1,000 ({many / one:.2f} times)")


def rounds(subject: Subject, what: str) -> list[float]:
    return subject.rates if what == "rate" else subject.p50


if __name__ == "__main__":
    raise SystemExit(main())
