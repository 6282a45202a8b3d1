"""The names that Azure Storage accepts, checked alike by every store. No I/O."""

from __future__ import annotations

import re

from lazulite.errors import StoreError

_QUEUE = re.compile(r"[a-z0-9](-?[a-z0-9])+")
_TABLE = re.compile(r"[A-Za-z][A-Za-z0-9]{2,62}")
_SPECIAL_CONTAINERS = ("$root", "$logs", "$web")
_KEY_FORBIDDEN = re.compile(r"[/\\#?\x00-\x1f\x7f-\x9f]")


def check_queue(name: str) -> None:
    """Raises StoreError unless `name` can be a queue's."""
    if not (3 <= len(name) <= 63 and _QUEUE.fullmatch(name)):
        raise StoreError(f"'{name}' cannot be the name of a queue.", hint=_hint("queue"))


def check_container(name: str) -> None:
    """Raises StoreError unless `name` can be a blob container's."""
    if name in _SPECIAL_CONTAINERS:
        return
    if not (3 <= len(name) <= 63 and _QUEUE.fullmatch(name)):
        raise StoreError(f"'{name}' cannot be the name of a container.", hint=_hint("container"))


def check_blob(name: str) -> None:
    """Raises StoreError unless `name` can be a blob's."""
    if not 1 <= len(name) <= 1024:
        raise StoreError(
            f"A blob name of {len(name)} characters was given.",
            hint="Blob names have 1 to 1024 characters.",
        )


def check_table(name: str) -> None:
    """Raises StoreError unless `name` can be a table's."""
    if not _TABLE.fullmatch(name):
        raise StoreError(
            f"'{name}' cannot be the name of a table.",
            hint="Use 3 to 63 letters and digits, a letter first.",
        )


def check_key(what: str, value: object) -> str:
    """`value`, if it can be an entity's PartitionKey or RowKey (`what`). Raises StoreError."""
    if not isinstance(value, str):
        raise StoreError(
            f"An entity's {what} is {'missing' if value is None else 'no text'}.",
            hint=f"Give it a {what} of type str.",
        )
    if len(value) > 512 or _KEY_FORBIDDEN.search(value):
        raise StoreError(
            f"'{value[:100]}' cannot be a {what}.",
            hint="Keys have at most 512 characters, none of / \\ # ? nor control characters.",
        )
    return value


def _hint(what: str) -> str:
    return (
        f"A {what} name has 3 to 63 lower-case letters, digits and single hyphens, "
        "and begins and ends with a letter or digit."
    )
