"""A large blob through a function, from its input stream to its output stream.

    scripts/bench blob                  the embedded store, 1 GiB
    scripts/bench blob --azurite        the same on Azurite
    scripts/bench blob --mib 256

Prints the seconds from the host's start to the copy's end, and the peak memory of host and worker
(their resident sets, as Linux counts them).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from lazulite.abc import Account
from lazulite.errors import NotFound
from lazulite.stores.accounts import StorageAccounts

APP = Path(__file__).parent / "apps" / "blob"
MIB = 1024 * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--azurite", action="store_true")
    parser.add_argument("--folder", help="where the app and its store are; a temporary one")
    options = parser.parse_args()
    if not options.azurite:
        measure("embedded store", options.mib, {}, options.folder)
        return
    from tests.azurite import running_azurite

    with running_azurite() as connection:
        settings = {"AzureWebJobsStorage": connection}
        measure("Azurite", options.mib, settings, options.folder)


def measure(what: str, mib: int, settings: Mapping[str, str], folder: str | None) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        app = Path(shutil.copytree(APP, Path(place, "app")))
        source = Path(place, "source")
        write_random(source, mib)
        asyncio.run(upload(app, settings, source))
        started = time.perf_counter()
        process = start(app, settings)
        try:
            length = asyncio.run(wait_for_copy(app, settings))
            seconds = time.perf_counter() - started
            host, workers = peak(process.pid), worker_peaks(process.pid)
        finally:
            process.terminate()
            process.wait()
        assert length == source.stat().st_size, length
        print(
            f"{what:<16} {mib} MiB in {seconds:.1f} s ({mib / seconds:.0f} MiB/s); "
            f"peak memory: host {host} MB, worker {max(workers)} MB"
        )


def write_random(path: Path, mib: int) -> None:
    with open(path, "wb") as file:
        for _ in range(mib):
            file.write(os.urandom(MIB))


def start(app: Path, settings: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "lazulite.cli", "start", "--port", "0"],
        cwd=app,
        env={**os.environ, **settings},
        stdout=subprocess.DEVNULL,
    )


async def upload(app: Path, settings: Mapping[str, str], source: Path) -> None:
    accounts = StorageAccounts(dict(settings), str(app / ".lazulite"))
    account = accounts.get("", "", "")
    await account.blobs.upload("large", "blob", str(source), metadata={})
    await accounts.close()


async def wait_for_copy(app: Path, settings: Mapping[str, str]) -> int:
    """The length of the copy, once it is there."""
    accounts = StorageAccounts(dict(settings), str(app / ".lazulite"))
    try:
        return await _length(accounts.get("", "", ""))
    finally:
        await accounts.close()


async def _length(account: Account) -> int:
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        try:
            return (await account.blobs.properties("copies", "blob")).length
        except NotFound:
            await asyncio.sleep(0.1)
    raise SystemExit("the copy never came")


def peak(pid: int) -> int:
    """The largest resident set a process had, in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return round(int(line.split()[1]) * 1024 / 1e6)
    raise SystemExit(f"no VmHWM of process {pid}")


def worker_peaks(host: int) -> list[int]:
    template = _children(host)
    return [peak(worker) for parent in template for worker in _children(parent)]


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


if __name__ == "__main__":
    main()
