"""Azure Storage as an account."""

from __future__ import annotations

from lazulite.abc import Account
from lazulite.config.storage import StorageConnection
from lazulite.stores.azure.blobs import AzureBlobs
from lazulite.stores.azure.clients import Clients
from lazulite.stores.azure.queues import AzureQueues, Encoding
from lazulite.stores.azure.state import AzureState
from lazulite.stores.azure.tables import AzureTables


def open_azure(connection: StorageConnection, *, encoding: Encoding = "base64") -> Account:
    """The account that `connection` describes. Imports no SDK and does no I/O yet.

    encoding: how queue messages are text, host.json's `messageEncoding`. The account serves one
    event loop: that of its first operation.
    """
    clients = Clients(connection)
    queues, blobs = AzureQueues(clients, encoding=encoding), AzureBlobs(clients)
    return Account(
        name=connection.account or "",
        kind="azure",
        queues=queues,
        blobs=blobs,
        tables=AzureTables(clients),
        state=AzureState(clients, blobs),
        queue_admin=queues,
        blob_admin=blobs,
        close=clients.close,
    )
