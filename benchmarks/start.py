"""From `func start` to the first answered request, and what idle processes hold of memory.

    scripts/bench start

Beside it, in the same run, the anchor: `python -c "import azure.functions, granian"`. The fastest
of the runs counts: everything else is the machine's.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ANCHOR = [sys.executable, "-c", "import azure.functions, granian"]
HEAD = """import azure.functions as func
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
"""
FUNCTION = """
@app.route("hello{number}")
async def hello{number}(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("Hello")
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=12)
    options = parser.parse_args()
    anchors, starts = [], []
    with app_of(1) as (root, port):
        for _ in range(options.runs):
            anchors.append(timed_anchor())
            with started(root, port) as (_, seconds):
                starts.append(seconds)
        with started(root, port) as (pid, _):
            time.sleep(2)  # idle is what is measured
            memory = dict(processes(pid))
    anchor, start = min(anchors), min(starts)
    print(f"import azure.functions, granian      {anchor:7.3f} s")
    print(f"func start to the first answer       {start:7.3f} s   ratio {start / anchor:.2f}")
    for name, (rss, pss) in memory.items():
        print(f"memory of the {name:<12} idle      RSS {rss:6.1f} MB   PSS {pss:6.1f} MB")
    with app_of(1000) as (root, port):
        many = []
        for _ in range(3):
            with started(root, port) as (_, seconds):
                many.append(seconds)
    print(f"an app with 1,000 functions          {min(many):7.3f} s")


@contextmanager
def app_of(count: int) -> Iterator[tuple[Path, int]]:
    """A folder with an app of so many functions, and the port in its settings."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        probe.close()
        root = Path(folder)
        (root / "host.json").write_text('{"version": "2.0"}')
        (root / "local.settings.json").write_text(
            json.dumps({"IsEncrypted": False, "Values": {}, "Host": {"LocalHttpPort": port}})
        )
        (root / "function_app.py").write_text(
            HEAD + "".join(FUNCTION.format(number=number) for number in range(count))
        )
        yield root, port


def timed_anchor() -> float:
    """Seconds of the anchor."""
    began = time.perf_counter()
    subprocess.run(ANCHOR, check=True)
    return time.perf_counter() - began


@contextmanager
def started(root: Path, port: int) -> Iterator[tuple[int, float]]:
    """A running `func start`: its process id, and how long its first answer took."""
    func = Path(sys.executable).with_name("func")
    command = [str(func)] if func.exists() else [sys.executable, "-m", "lazulite.cli"]
    began = time.perf_counter()
    process = subprocess.Popen([*command, "start"], cwd=root, stdout=subprocess.DEVNULL)
    try:
        first_answer(port)
        yield process.pid, time.perf_counter() - began
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def first_answer(port: int) -> None:
    """Ask as soon as somebody listens, and wait for the answer."""
    while True:
        try:
            sock = socket.create_connection(("127.0.0.1", port))
            break
        except ConnectionRefusedError:
            time.sleep(0.001)
    with sock:
        sock.sendall(b"GET /api/hello0 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = sock.recv(65536)
    assert answer.startswith(b"HTTP/1.1 200"), answer


def processes(host: int) -> Iterator[tuple[str, tuple[float, float]]]:
    """(name, (RSS, PSS) in MB) of a host, its template and its first worker."""
    yield "host", memory_of(host)
    template = children(host)[0]
    yield "template", memory_of(template)
    yield "worker", memory_of(children(template)[0])


def children(pid: int) -> list[int]:
    """The children of a process (Linux)."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]


def memory_of(pid: int) -> tuple[float, float]:
    """Resident and proportional set size in MB (Linux)."""
    values: Mapping[str, float] = {
        line.split(":")[0]: int(line.split()[1]) / 1024
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    }
    return values["Rss"], values["Pss"]


if __name__ == "__main__":
    os.environ.pop("VIRTUAL_ENV", None)
    main()
