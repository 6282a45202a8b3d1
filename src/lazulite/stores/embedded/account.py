"""The embedded store as an account."""

from __future__ import annotations

import time
from collections.abc import Callable

from lazulite.abc import Account
from lazulite.stores.embedded.blobs import EmbeddedBlobs
from lazulite.stores.embedded.database import Database
from lazulite.stores.embedded.queues import EmbeddedQueues
from lazulite.stores.embedded.state import EmbeddedState
from lazulite.stores.embedded.tables import EmbeddedTables


def open_embedded(
    folder: str,
    *,
    name: str = "devstoreaccount1",
    now: Callable[[], float] = time.time,
    interval: float = 0.05,
    durable: bool = True,
) -> Account:
    """The account whose files are in `folder`, which is made at the first operation.

    Any number of processes may open the same folder. now: seconds since the epoch; interval:
    seconds between looks for other processes' messages, while somebody waits for them; durable:
    whether each commit is synced, which a test's store need not be.
    """
    database = Database(folder, now=now, interval=interval, durable=durable)
    queues, blobs = EmbeddedQueues(database), EmbeddedBlobs(database)
    return Account(
        name=name,
        kind="embedded",
        queues=queues,
        blobs=blobs,
        tables=EmbeddedTables(database),
        state=EmbeddedState(database),
        queue_admin=queues,
        blob_admin=blobs,
        close=database.close,
    )
