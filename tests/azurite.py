"""Azurite for a test session."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "scripts" / "azurite"
# the emulator's published key: the same on every machine, no secret
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
START_SECONDS = 300.0  # the first start installs it


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


@contextmanager
def listening(port: int) -> Iterator[None]:
    """Something listens on the port meanwhile, and never answers."""
    with closing(socket.socket()) as server:
        server.bind(("127.0.0.1", port))
        server.listen()
        yield


def connection_string(blob: int, queue: int, table: int) -> str:
    endpoints = "".join(
        f"{service}Endpoint=http://127.0.0.1:{port}/devstoreaccount1;"
        for service, port in (("Blob", blob), ("Queue", queue), ("Table", table))
    )
    return (
        f"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={KEY};{endpoints}"
    )


@contextmanager
def running_azurite() -> Iterator[str]:
    """The connection string of an Azurite that runs meanwhile. Skips without npm, but not in CI."""
    if not (shutil.which("node") and shutil.which("npm")):
        _give_up("node and npm are needed to run Azurite")
    blob, queue, table = free_ports(3)
    command = [str(SCRIPT), "--silent", "--inMemoryPersistence", "--skipApiVersionCheck"]
    command += ["--disableTelemetry", "--blobPort", f"{blob}", "--queuePort", f"{queue}"]
    command += ["--tablePort", f"{table}"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not all(_listens(port) for port in (blob, queue, table)):
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                output = process.communicate()[0].decode(errors="replace")
                _give_up(f"Azurite did not start: {output[-2000:]}")
            time.sleep(0.1)
        yield connection_string(blob, queue, table)
    finally:
        process.kill()
        process.communicate()


def _listens(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _give_up(why: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)
