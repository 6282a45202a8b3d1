"""A kill at any instant loses nothing that was acknowledged, and shows nothing half done."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from lazulite.stores.embedded.account import open_embedded
from tests.stores.embedded.child import content

ROUNDS = 12
ROOT = Path(__file__).parents[3]


@dataclass
class Ledger:
    """What the children said."""

    put: set[str] = field(default_factory=set)
    deleting: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    seeds: dict[str, set[int]] = field(default_factory=dict)  # that each blob may hold

    def note(self, line: str) -> None:
        what, _, rest = line.strip().partition(" ")
        if what in ("upload", "uploaded"):
            blob, _, seed = rest.partition(" ")
            if what == "uploaded":
                self.seeds[blob] = {int(seed)}
            else:
                self.seeds.setdefault(blob, set()).add(int(seed))
        else:
            getattr(self, what).add(rest)


def run_and_kill(folder: Path, name: str, ledger: Ledger, lines: int) -> None:
    command = [sys.executable, "-m", "tests.stores.embedded.child", str(folder), name]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    for line in process.stdout:
        ledger.note(line)
        lines -= 1
        if lines == 0:
            process.kill()  # and read on what it had said
    assert process.wait() == -9


def test_kills_under_load(tmp_path: Path) -> None:
    ledger = Ledger()
    folder = tmp_path / "store"
    for round in range(ROUNDS):
        run_and_kill(folder, f"r{round}", ledger, random.randint(1, 1500))
        asyncio.run(check_blobs(folder, ledger, tmp_path / "out"))
    asyncio.run(check_messages(folder, ledger))


async def check_blobs(folder: Path, ledger: Ledger, target: Path) -> None:
    account = open_embedded(str(folder))
    try:
        await account.blob_admin.create("files")
        contents = 0
        async for blob in account.blobs.list("files"):
            await account.blobs.download("files", blob.name, str(target))
            seed = int(blob.metadata["seed"])
            assert seed in ledger.seeds[blob.name]
            assert target.read_bytes() == content(seed)
            ledger.seeds[blob.name] = {seed}
            contents += blob.length > 32 * 1024
        assert len(list((folder / "blobs").iterdir())) == contents
        assert len(list((folder / "tmp").iterdir())) == 2  # our own folder and lock
    finally:
        await account.close()


async def check_messages(folder: Path, ledger: Ledger) -> None:
    # an hour later, when the leases of the dead have expired
    account = open_embedded(str(folder), now=lambda: time.time() + 3600)
    found: list[str] = []
    try:
        while messages := await account.queues.receive("work", 32, 600):
            found += [m.body.decode() for m in messages]
    finally:
        await account.close()
    assert len(found) == len(set(found))
    assert ledger.put - ledger.deleting <= set(found)
    assert not ledger.deleted & set(found)
    assert len(ledger.put) > 50
