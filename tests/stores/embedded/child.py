"""A process that works on a store until it is killed, and says what it did once that is done.

Lines: `put ID`, `deleting ID`, `deleted ID`, `upload BLOB SEED`, `uploaded BLOB SEED`.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys

from lazulite.abc import Account
from lazulite.stores.embedded.account import open_embedded


def say(*lines: str) -> None:
    os.write(1, "".join(f"{line}\n" for line in lines).encode())


def content(seed: int) -> bytes:
    """What a blob of that seed holds: anything cut or mixed is told from it."""
    return seed.to_bytes(8, "big") * (1 + seed % 40_000)


async def put(account: Account, name: str) -> None:
    number = 0
    while True:
        ids = [f"{name}-{number + i}" for i in range(random.randint(1, 20))]
        number += len(ids)
        await account.queues.put("work", [id.encode() for id in ids])
        say(*(f"put {id}" for id in ids))


async def consume(account: Account) -> None:
    while True:
        messages = await account.queues.receive("work", 8, 600)
        doomed = messages[::2]
        say(*(f"deleting {m.body.decode()}" for m in doomed))
        await account.queues.delete("work", doomed)
        say(*(f"deleted {m.body.decode()}" for m in doomed))
        for message in messages[1::2]:
            await account.queues.update("work", message, 0)


async def upload(account: Account) -> None:
    while True:
        blob, seed = f"b{random.randint(0, 3)}", random.getrandbits(40)
        say(f"upload {blob} {seed}")
        await account.blobs.upload("files", blob, content(seed), metadata={"seed": f"{seed}"})
        say(f"uploaded {blob} {seed}")


async def main(folder: str, name: str) -> None:
    account = open_embedded(folder)
    await account.queue_admin.create("work")
    await asyncio.gather(
        put(account, name), put(account, f"{name}x"), consume(account), upload(account)
    )


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
