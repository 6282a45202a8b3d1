"""Several open a store that is not there yet, at the same time."""

from __future__ import annotations

import asyncio
from pathlib import Path

from lazulite.stores.embedded.account import open_embedded


def test_a_new_store_can_be_opened_by_several_at_once(tmp_path: Path) -> None:
    async def open_and_use(folder: Path) -> None:
        accounts = [open_embedded(str(folder)) for _ in range(3)]
        try:
            await asyncio.gather(*(account.queues.put("queue", [b"x"]) for account in accounts))
            assert await accounts[0].queue_admin.length("queue") == 3
        finally:
            for account in accounts:
                await account.close()

    for number in range(10):
        asyncio.run(open_and_use(tmp_path / str(number)))
