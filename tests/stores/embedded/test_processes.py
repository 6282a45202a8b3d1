"""Several processes on one folder."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from lazulite.stores.embedded.account import open_embedded

CONSUMER = """
import asyncio, sys
from lazulite.stores.embedded.account import open_embedded

async def main():
    account = open_embedded(sys.argv[1])
    while messages := await account.queues.receive("work", 5, 600):
        await account.queues.delete("work", messages)
        print(*(m.body.decode() for m in messages), sep="\\n")
    await account.close()

asyncio.run(main())
"""
PRODUCER = """
import asyncio, sys
from lazulite.stores.embedded.account import open_embedded

async def main():
    account = open_embedded(sys.argv[1])
    await account.queues.put("work", [b"hello"])
    await account.blobs.upload("files", "b", b"x", metadata={})
    await account.close()

asyncio.run(main())
"""


HOLDER = """
import asyncio, sys
from lazulite.stores.embedded.account import open_embedded

async def main():
    account = open_embedded(sys.argv[1])
    print(await account.state.leases().acquire("locks/timer", "dead", 600), flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def start(program: str, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_competing_processes_get_each_message_once(tmp_path: Path) -> None:
    async def fill() -> None:
        account = open_embedded(str(tmp_path))
        await account.queues.put("work", [b"%d" % i for i in range(600)])
        await account.close()

    asyncio.run(fill())
    consumers = [start(CONSUMER, tmp_path) for _ in range(3)]
    outputs = [consumer.communicate(timeout=60)[0] for consumer in consumers]
    assert [consumer.returncode for consumer in consumers] == [0, 0, 0]
    assert sorted(int(n) for output in outputs for n in output.split()) == list(range(600))


def test_what_another_process_puts_wakes_waiters(tmp_path: Path) -> None:
    async def main() -> None:
        account = open_embedded(str(tmp_path))
        message = asyncio.ensure_future(account.queues.arrived("work"))
        change = asyncio.ensure_future(account.blobs.changed("files"))
        unrelated = asyncio.ensure_future(account.queues.arrived("unrelated"))
        producer = start(PRODUCER, tmp_path)
        await asyncio.wait_for(asyncio.gather(message, change), 60)
        assert not unrelated.done()
        assert len(await account.queues.receive("work", 1, 60)) == 1
        assert await asyncio.to_thread(producer.wait, 60) == 0
        await account.close()

    asyncio.run(main())


def test_an_opening_leaves_the_living_alone(tmp_path: Path) -> None:
    async def main() -> None:
        first = open_embedded(str(tmp_path))
        await first.blobs.upload("files", "a", b"x" * 100_000, metadata={})
        second = open_embedded(str(tmp_path))
        await second.blobs.upload("files", "b", b"y" * 100_000, metadata={})
        await first.blobs.upload("files", "c", b"z" * 100_000, metadata={})
        await second.close()
        await first.close()
        assert len(list((tmp_path / "blobs").iterdir())) == 3
        assert list((tmp_path / "tmp").iterdir()) == []

    asyncio.run(main())


def test_a_killed_process_holds_no_lease(tmp_path: Path) -> None:
    async def main() -> None:
        account = open_embedded(str(tmp_path))
        leases = account.state.leases()
        holder = start(HOLDER, tmp_path)
        assert holder.stdout is not None
        dead = (await asyncio.to_thread(holder.stdout.readline)).strip()
        assert await leases.acquire("locks/timer", "me", 600) is None
        holder.kill()
        holder.communicate()
        mine = await leases.acquire("locks/timer", "me", 600)
        assert mine is not None
        assert not await leases.renew("locks/timer", dead, 600)
        await account.close()
        # one that opens the store later finds no trace of the others
        other = open_embedded(str(tmp_path))
        assert await other.state.leases().acquire("locks/timer", "you", 600)
        await other.close()

    asyncio.run(main())
