"""Between entities of a table store and the JSON that functions read and write. No I/O."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any
from uuid import UUID

from lazulite.abc import Entity
from lazulite.errors import LazuliteError, StoreError
from lazulite.model import Data

_KEYS = {"partitionkey": "PartitionKey", "rowkey": "RowKey", "etag": "ETag"}
_IGNORED = ("odata.etag", "timestamp")


def to_json(entities: Sequence[Entity]) -> str:
    """A JSON array of objects: what an input gives to its function."""
    return json.dumps([{n: _plain(v) for n, v in e.items()} for e in entities], ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
        return aware.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has no number for it
    return value


def from_value(value: Data, keys: Mapping[str, str]) -> list[Entity]:
    """The entities of an output: one of an object, several of an array.

    keys: PartitionKey and RowKey of the binding, for objects without their own. Raises
    LazuliteError for what is no JSON object or array of such, or lacks a key.
    """
    raw = _parsed(value)
    rows = raw if isinstance(raw, list) else [raw]
    return [_entity(row, keys) for row in rows]


def _parsed(value: Data) -> Any:
    given = value.value
    try:
        if value.type == "file":
            with open(given, "rb") as file:
                given = file.read()
        if isinstance(given, bytes):
            given = given.decode("utf-8-sig")
        if isinstance(given, str):
            return json.loads(given)
    except ValueError as error:
        raise StoreError(f"The table output is no JSON: {error}.", hint=_HINT) from None
    return given


_HINT = 'Give it json.dumps({"PartitionKey": ..., "RowKey": ..., ...}), or a list of such objects.'


def _entity(row: Any, keys: Mapping[str, str]) -> Entity:
    if not isinstance(row, dict):
        raise LazuliteError(
            f"The table output has a {type(row).__name__} where an entity, an object, is due.",
            hint=_HINT,
        )
    entity: dict[str, Any] = {}
    for name, member in row.items():
        name = _KEYS.get(str(name).lower(), str(name))
        if name.lower() in _IGNORED or member is None:
            continue
        if name in ("PartitionKey", "RowKey") and not isinstance(member, str):
            member = _text(member)
        entity[name] = _property(member)
    for name, key in keys.items():
        entity.setdefault(name, key)
    missing = [name for name in ("PartitionKey", "RowKey") if name not in entity]
    if missing:
        raise LazuliteError(
            f"An entity for the table has no {' and no '.join(missing)}.",
            hint="Give it in the object, or for all objects in the binding.",
        )
    return entity


def _property(value: Any) -> Any:
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value)
    return str(value) if isinstance(value, (int, float)) else json.dumps(value)
