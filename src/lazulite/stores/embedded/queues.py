"""Queues in the embedded database."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from datetime import datetime, timezone

from lazulite.abc import QueueMessage
from lazulite.errors import Conflict, NotFound, StoreError
from lazulite.stores.embedded.database import Database
from lazulite.stores.names import check_queue

LARGEST_BODY = 64 * 1024
TIME_TO_LIVE = 7 * 24 * 3600.0
MOST_PER_RECEIVE = 32
_PER_STATEMENT = 200

_Row = tuple[int, bytes, int, int, float, float | None, float]
_COLUMNS = "id, body, receipt, dequeues, inserted, expires, visible"


class EmbeddedQueues:
    """abc.QueueStore and abc.QueueAdmin over a Database.

    The limits are those of Azure Storage: 64 KiB a message, 32 messages a receive, 7 days to live.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(
        self,
        queue: str,
        bodies: Sequence[bytes],
        *,
        delay: float = 0.0,
        time_to_live: float | None = None,
    ) -> None:
        check_queue(queue)
        for body in bodies:
            if len(body) > LARGEST_BODY:
                raise StoreError(
                    f"A message of {len(body)} bytes is too large for queue '{queue}'.",
                    hint=f"Messages have at most {LARGEST_BODY} bytes: put the content in a blob "
                    "and its name in the message.",
                )
        live = TIME_TO_LIVE if time_to_live is None else time_to_live

        def operation(connection: sqlite3.Connection) -> None:
            now = self._database.now()
            visible = now + delay if delay > 0 else 0.0
            expires = None if live < 0 else now + live
            _count_arrival(connection, queue)
            for start in range(0, len(bodies), _PER_STATEMENT):
                part = bodies[start : start + _PER_STATEMENT]
                rows = ",".join(["(?)"] * len(part))
                connection.execute(
                    f"WITH new(body) AS (VALUES {rows}) "
                    "INSERT INTO messages (queue, visible, inserted, expires, body) "
                    "SELECT q.id, ?, ?, ?, new.body FROM queues q CROSS JOIN new WHERE q.name = ?",
                    [*part, visible, now, expires, queue],
                )

        try:
            await self._database.write(operation)
        finally:
            self._database.notify(("queues", queue))

    async def receive(self, queue: str, count: int, visibility: float) -> list[QueueMessage]:
        check_queue(queue)
        if not 1 <= count <= MOST_PER_RECEIVE:
            raise ValueError(f"count must be 1 to {MOST_PER_RECEIVE}, not {count}")

        def operation(connection: sqlite3.Connection) -> list[_Row]:
            now = self._database.now()
            rows = _due(connection, queue, now, count)
            if not rows:
                return rows
            receipt, visible = _new_receipt(), now + visibility
            connection.execute(
                "UPDATE messages SET visible = ?, receipt = ?, dequeues = dequeues + 1 "
                "WHERE id IN (SELECT value FROM json_each(?))",
                (visible, receipt, json.dumps([row[0] for row in rows])),
            )
            return [(r[0], r[1], receipt, r[3] + 1, r[4], r[5], visible) for r in rows]

        rows = await self._database.write(operation, undo=lambda rows: self._give_back(queue, rows))
        return [_message(row) for row in rows]

    async def delete(self, queue: str, messages: Sequence[QueueMessage]) -> None:
        pairs = [pair for message in messages if (pair := _identify(message)) is not None]

        def operation(connection: sqlite3.Connection) -> None:
            for start in range(0, len(pairs), _PER_STATEMENT):
                part = pairs[start : start + _PER_STATEMENT]
                values = ",".join(["(?,?)"] * len(part))
                connection.execute(
                    f"WITH done(id, receipt) AS (VALUES {values}) DELETE FROM messages WHERE id IN "
                    "(SELECT m.id FROM done CROSS JOIN messages m "
                    "ON m.id = done.id AND m.receipt = done.receipt)",
                    [v for pair in part for v in pair],
                )

        if pairs:
            await self._database.write(operation)

    async def update(self, queue: str, message: QueueMessage, visibility: float) -> QueueMessage:
        check_queue(queue)
        pair = _identify(message)

        def operation(connection: sqlite3.Connection) -> tuple[int, float]:
            now = self._database.now()
            id = _find(connection, queue)
            receipt, visible = _new_receipt(), now + visibility if visibility > 0 else 0.0
            current = (
                pair
                and connection.execute(
                    "SELECT receipt FROM messages WHERE id = ? AND queue = ?", (pair[0], id)
                ).fetchone()
            )
            if pair is None or current is None:
                raise NotFound(f"The message {message.id} is no longer in queue '{queue}'.")
            if current[0] != pair[1]:
                raise Conflict(f"The lease of message {message.id} in queue '{queue}' was lost.")
            connection.execute(
                "UPDATE messages SET visible = ?, receipt = ? WHERE id = ?",
                (visible, receipt, pair[0]),
            )
            if visibility <= 0:
                _count_arrival(connection, queue)
            return receipt, visible or now

        receipt, visible = await self._database.write(operation)
        if visibility <= 0:
            self._database.notify(("queues", queue))
        return replace(message, pop_receipt=str(receipt), next_visible=_time(visible))

    def arrived(self, queue: str) -> Awaitable[None]:
        return self._database.wait(("queues", queue))

    async def queues(self) -> list[str]:
        return await self._database.read(
            lambda c: [name for (name,) in c.execute("SELECT name FROM queues ORDER BY name")]
        )

    async def create(self, queue: str) -> None:
        check_queue(queue)
        await self._database.write(lambda connection: _create(connection, queue))

    async def drop(self, queue: str) -> None:
        check_queue(queue)

        def operation(connection: sqlite3.Connection) -> None:
            id = _find(connection, queue)
            connection.execute("DELETE FROM messages WHERE queue = ?", (id,))
            connection.execute("DELETE FROM queues WHERE id = ?", (id,))

        await self._database.write(operation)

    async def peek(self, queue: str, count: int) -> list[QueueMessage]:
        check_queue(queue)

        def operation(connection: sqlite3.Connection) -> list[_Row]:
            now = self._database.now()
            return connection.execute(
                f"SELECT {_COLUMNS} FROM messages WHERE queue = ? AND visible <= ? "
                "AND (expires IS NULL OR expires > ?) ORDER BY visible, id LIMIT ?",
                (_find(connection, queue), now, now, count),
            ).fetchall()

        rows = await self._database.read(operation)
        return [replace(_message(row), pop_receipt="", next_visible=None) for row in rows]

    async def clear(self, queue: str) -> None:
        check_queue(queue)

        def operation(connection: sqlite3.Connection) -> None:
            id = _find(connection, queue)
            connection.execute("DELETE FROM messages WHERE queue = ?", (id,))

        await self._database.write(operation)

    async def length(self, queue: str) -> int:
        check_queue(queue)

        def operation(connection: sqlite3.Connection) -> int:
            (count,) = connection.execute(
                "SELECT count(*) FROM messages WHERE queue = ? "
                "AND (expires IS NULL OR expires > ?)",
                (_find(connection, queue), self._database.now()),
            ).fetchone()
            return int(count)

        return await self._database.read(operation)

    def _give_back(self, queue: str, rows: Sequence[_Row]) -> None:
        """End the leases of messages whose receiver was cancelled before it got them."""

        def operation(connection: sqlite3.Connection) -> None:
            for row in rows:
                connection.execute(
                    "UPDATE messages SET visible = 0, dequeues = dequeues - 1 "
                    "WHERE id = ? AND receipt = ?",
                    (row[0], row[2]),
                )

        async def give_back() -> None:
            await self._database.write(operation)
            self._database.notify(("queues", queue))

        if rows:
            self._database.keep(asyncio.ensure_future(give_back()))


def _create(connection: sqlite3.Connection, queue: str) -> int:
    row = connection.execute("SELECT id FROM queues WHERE name = ?", (queue,)).fetchone()
    if row is None:
        row = (connection.execute("INSERT INTO queues (name) VALUES (?)", (queue,)).lastrowid,)
    return int(row[0])


def _find(connection: sqlite3.Connection, queue: str) -> int:
    row = connection.execute("SELECT id FROM queues WHERE name = ?", (queue,)).fetchone()
    if row is None:
        raise NotFound(f"There is no queue '{queue}'.")
    return int(row[0])


def _count_arrival(connection: sqlite3.Connection, queue: str) -> None:
    """Note that the queue has a new message; make the queue if it is absent."""
    connection.execute(
        "INSERT INTO queues (name, arrivals) VALUES (?, 1) "
        "ON CONFLICT (name) DO UPDATE SET arrivals = arrivals + 1",
        (queue,),
    )


def _due(connection: sqlite3.Connection, queue: str, now: float, count: int) -> list[_Row]:
    """The oldest visible messages; expired ones that are met on the way are deleted.

    They come as one row of JSON: each row fetched would be another hand-over of the lock.
    """
    while True:
        found = connection.execute(
            f"SELECT (SELECT json_group_array(json_array({_COLUMNS.replace('body', 'hex(body)')})) "
            f"FROM (SELECT {_COLUMNS} FROM messages WHERE queue = q.id AND visible <= ? "
            "ORDER BY visible, id LIMIT ?)) FROM queues q WHERE q.name = ?",
            (now, count, queue),
        ).fetchone()
        if found is None:
            raise NotFound(f"There is no queue '{queue}'.")
        rows: list[_Row] = [
            (id, bytes.fromhex(body), *rest) for id, body, *rest in json.loads(found[0])
        ]
        expired = [row[0] for row in rows if row[5] is not None and row[5] <= now]
        if not expired:
            return sorted(rows, key=lambda row: (row[6], row[0]))
        connection.execute(
            "DELETE FROM messages WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(expired),),
        )


def _new_receipt() -> int:
    return random.getrandbits(62) + 1


def _message(row: _Row) -> QueueMessage:
    id, body, receipt, dequeues, inserted, expires, visible = row
    return QueueMessage(
        id=f"00000000-0000-0000-{id >> 48:04x}-{id & 0xFFFFFFFFFFFF:012x}",
        body=body,
        pop_receipt=str(receipt),
        dequeue_count=dequeues,
        inserted=_time(inserted),
        expires=None if expires is None else _time(expires),
        next_visible=_time(visible),
    )


def _identify(message: QueueMessage) -> tuple[int, int] | None:
    """(id, receipt) of a message of ours; None when it cannot be one."""
    try:
        return int(message.id.replace("-", ""), 16), int(message.pop_receipt)
    except ValueError:
        return None


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)
