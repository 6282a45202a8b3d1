"""The database's schema and how older ones become it."""

from __future__ import annotations

import sqlite3

from lazulite.errors import StoreError

# One entry per schema version, applied in order; PRAGMA user_version counts those applied.
# Never edit an entry that was released: add one.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        # `arrivals` and `changes` count, so that other processes see which queue or container
        # has news.
        """CREATE TABLE queues (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            arrivals INTEGER NOT NULL DEFAULT 0)""",
        # `visible` is 0 for a message that is not delayed or leased: the order is then that of the
        # ids, whatever the clock does. AUTOINCREMENT: an id is never used twice.
        """CREATE TABLE messages (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            queue INTEGER NOT NULL,
            visible REAL NOT NULL,
            receipt INTEGER NOT NULL DEFAULT 0,
            dequeues INTEGER NOT NULL DEFAULT 0,
            inserted REAL NOT NULL,
            expires REAL,
            body BLOB NOT NULL)""",
        "CREATE INDEX messages_due ON messages (queue, visible, id)",
        """CREATE TABLE containers (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            changes INTEGER NOT NULL DEFAULT 0)""",
        # The content is in `content`, or in the file blobs/<file>.
        """CREATE TABLE blobs (
            container INTEGER NOT NULL,
            name TEXT NOT NULL,
            length INTEGER NOT NULL,
            etag TEXT NOT NULL,
            modified REAL NOT NULL,
            type TEXT NOT NULL,
            metadata TEXT NOT NULL,
            file TEXT,
            content BLOB,
            PRIMARY KEY (container, name)) WITHOUT ROWID""",
        """CREATE TABLE tables (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE COLLATE NOCASE)""",
        """CREATE TABLE entities (
            tab INTEGER NOT NULL,
            partition_key TEXT NOT NULL,
            row_key TEXT NOT NULL,
            etag TEXT NOT NULL,
            modified REAL NOT NULL,
            body TEXT NOT NULL,
            PRIMARY KEY (tab, partition_key, row_key)) WITHOUT ROWID""",
        """CREATE TABLE documents (
            path TEXT PRIMARY KEY,
            version TEXT NOT NULL,
            body BLOB NOT NULL) WITHOUT ROWID""",
        """CREATE TABLE leases (
            path TEXT PRIMARY KEY,
            lease TEXT NOT NULL,
            owner TEXT NOT NULL,
            expires REAL NOT NULL) WITHOUT ROWID""",
    ),
    # Which process holds a lease: one that is dead holds nothing.
    ("ALTER TABLE leases ADD COLUMN process TEXT NOT NULL DEFAULT ''",),
)


def migrate(connection: sqlite3.Connection, path: str) -> None:
    """Bring the database up to date, inside the caller's transaction.

    Raises StoreError when a newer version of the program wrote it.
    """
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(MIGRATIONS):
        raise StoreError(
            f"The store {path} was written by a newer version of Lazulite "
            f"(schema {version}, this one knows {len(MIGRATIONS)}).",
            hint="Update Lazulite, or use another folder.",
        )
    for statements in MIGRATIONS[version:]:
        for statement in statements:
            connection.execute(statement)
    if version < len(MIGRATIONS):
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
