"""`func storage`: a look into the queues, blobs and tables of the app, and a hand in them."""

from __future__ import annotations

import click

from lazulite.cli.console import examples
from lazulite.cli.storage.blob import command as blob
from lazulite.cli.storage.queue import command as queue
from lazulite.cli.storage.table import command as table


@click.group(
    epilog=examples(
        "func storage queue put orders 'two teas'",
        "func storage blob put samples/picture.png picture.png",
        "func storage table query items --filter \"PartitionKey eq 'tea'\"",
        "func storage queue list --connection Archive --json",
    ),
)
def command() -> None:
    """Look into the app's queues, blobs and tables, and fill them.

    They are those of the app's storage connection: the embedded store, an emulator or Azure. All
    works while the app runs, so that a trigger can be tried from the shell.
    """


command.add_command(queue)
command.add_command(blob)
command.add_command(table)
