"""`func storage queue`."""

from __future__ import annotations

import click

from lazulite.abc import Account, QueueMessage
from lazulite.cli.console import examples, say, say_json, say_table
from lazulite.cli.payload import payload, shown
from lazulite.cli.storage.account import connection_option, instant, json_option, place, use

_WIDTH = 80


@click.group(
    "queue",
    epilog=examples(
        "func storage queue put orders '{\"tea\": 2}'",
        "func storage queue peek orders",
        "func storage queue clear orders-poison",
    ),
)
def command() -> None:
    """List, fill, look into and empty queues."""


@command.command("list", epilog=examples("func storage queue list --json"))
@connection_option
@json_option
def list_(connection: str, as_json: bool) -> None:
    """List the queues and how many messages each holds."""

    async def work(account: Account) -> list[tuple[str, int]]:
        admin = account.queue_admin
        return [(name, await admin.length(name)) for name in await admin.queues()]

    found = use(connection, work)
    if as_json:
        say_json([{"name": name, "messages": count} for name, count in found])
    elif found:
        say_table(("QUEUE", "MESSAGES"), found)
    else:
        say("There are no queues.")


@command.command(
    epilog=examples(
        "func storage queue put orders 'two teas' 'one coffee'",
        "func storage queue put orders @order.json --delay 10",
        "cat orders.jsonl | func storage queue put orders - --lines",
    ),
)
@click.argument("queue")
@click.argument("messages", nargs=-1, required=True, metavar="MESSAGE...")
@click.option("--lines", is_flag=True, help="Each line of MESSAGE is a message of its own.")
@click.option(
    "--delay", type=click.FloatRange(min=0), default=0.0, help="Seconds until they are visible."
)
@click.option("--ttl", type=float, help="Seconds that they live; -1: for ever. [default: 7 days]")
@connection_option
def put(
    queue: str,
    messages: tuple[str, ...],
    lines: bool,
    delay: float,
    ttl: float | None,
    connection: str,
) -> None:
    """Put each MESSAGE (a text, @FILE, or `-`: standard input) into QUEUE, which is made if it is
    not there."""
    bodies = [payload(text) for text in messages]
    if lines:
        bodies = [line for body in bodies for line in body.splitlines() if line.strip()]

    async def work(account: Account) -> str:
        await account.queues.put(queue, bodies, delay=delay, time_to_live=ttl)
        return place(account)

    where = use(connection, work)
    count = f"{len(bodies)} message" + ("s" if len(bodies) != 1 else "")
    say(f"Put {count} into queue '{queue}' of {where}.")


@command.command(
    epilog=examples("func storage queue peek orders", "func storage queue peek orders -n 1 --json"),
)
@click.argument("queue")
@click.option(
    "-n", "--count", type=click.IntRange(1, 32), default=10, show_default=True, help="At most."
)
@connection_option
@json_option
def peek(queue: str, count: int, connection: str, as_json: bool) -> None:
    """Show the next messages of QUEUE and leave them there."""
    found = use(connection, lambda account: account.queue_admin.peek(queue, count))
    if as_json:
        say_json([_json(message) for message in found])
    elif found:
        rows = [(m.id, instant(m.inserted), m.dequeue_count, shown(m.body, _WIDTH)) for m in found]
        say_table(("ID", "PUT AT", "TRIES", "MESSAGE"), rows)
    else:
        say(f"No message of queue '{queue}' is visible.")


@command.command(epilog=examples("func storage queue length orders"))
@click.argument("queue")
@connection_option
def length(queue: str, connection: str) -> None:
    """Print how many messages QUEUE holds."""
    say(str(use(connection, lambda account: account.queue_admin.length(queue))))


@command.command(epilog=examples("func storage queue clear orders-poison"))
@click.argument("queue")
@connection_option
def clear(queue: str, connection: str) -> None:
    """Delete all messages of QUEUE."""
    use(connection, lambda account: account.queue_admin.clear(queue))
    say(f"Cleared queue '{queue}'.")


@command.command(epilog=examples("func storage queue create orders"))
@click.argument("queue")
@connection_option
def create(queue: str, connection: str) -> None:
    """Create QUEUE."""
    use(connection, lambda account: account.queue_admin.create(queue))
    say(f"Queue '{queue}' is there.")


@command.command(epilog=examples("func storage queue delete orders"))
@click.argument("queue")
@connection_option
def delete(queue: str, connection: str) -> None:
    """Delete QUEUE with its messages."""
    use(connection, lambda account: account.queue_admin.drop(queue))
    say(f"Deleted queue '{queue}'.")


def _json(message: QueueMessage) -> dict[str, object]:
    body: dict[str, object]
    try:
        body = {"body": message.body.decode("utf-8")}
    except UnicodeDecodeError:
        import base64

        body = {"bodyBase64": base64.b64encode(message.body).decode()}
    return {
        "id": message.id,
        "inserted": instant(message.inserted),
        "expires": instant(message.expires),
        "dequeueCount": message.dequeue_count,
        **body,
    }
