"""What both table stores must do alike with entities: check them, and group them for writing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from lazulite.abc import Entity
from lazulite.errors import StoreError
from lazulite.stores.names import check_key

LARGEST_GROUP = 100
NOT_PROPERTIES = ("ETag", "odata.etag", "Timestamp")
_LARGEST_INT = 2**63


def check_entity(entity: Entity) -> dict[str, Any]:
    """The entity's properties that are stored, without ETag and None values. Raises StoreError."""
    check_key("PartitionKey", entity.get("PartitionKey"))
    check_key("RowKey", entity.get("RowKey"))
    kept = {}
    for name, value in entity.items():
        if name in NOT_PROPERTIES or value is None:
            continue
        if not isinstance(value, (str, bool, int, float, datetime, bytes, UUID)):
            raise StoreError(
                f"The entity's property '{name}' is of type {type(value).__name__}.",
                hint="Properties are text, numbers, booleans, times, bytes or UUIDs; "
                "turn anything else into JSON text.",
            )
        if isinstance(value, int) and not -_LARGEST_INT <= value < _LARGEST_INT:
            raise StoreError(f"The entity's property '{name}' does not fit in 64 bits: {value}.")
        kept[name] = value
    return kept


def groups(entities: Sequence[Entity]) -> list[list[Entity]]:
    """The entities in groups to be written all or none: one partition, at most 100, no row twice.

    As the original does: a second entity of a row begins another group, so the last one stays.
    """
    done: list[list[Entity]] = []
    open_groups: dict[Any, list[Entity]] = {}
    for entity in entities:
        partition, row = entity.get("PartitionKey"), entity.get("RowKey")
        group = open_groups.get(partition)
        if (
            group is None
            or len(group) == LARGEST_GROUP
            or any(e.get("RowKey") == row for e in group)
        ):
            group = []
            open_groups[partition] = group
            done.append(group)
        group.append(entity)
    return done
