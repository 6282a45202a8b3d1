"""Entities as JSON: what `table query --json` prints, `table put` takes.

Values that JSON has no type for carry OData's, in `NAME@odata.type`.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any
from uuid import UUID

from lazulite.errors import UsageError

_TYPE = "@odata.type"


def entity_to_json(entity: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON-able form of an entity; `entity_from_json` is its inverse."""
    found: dict[str, Any] = {}
    for name, value in entity.items():
        text, kind = _typed(value)
        found[name] = text
        if kind is not None:
            found[name + _TYPE] = kind
    return found


def entity_from_json(raw: Any) -> dict[str, Any]:
    """The entity that a JSON object describes. Raises UsageError for one that cannot be."""
    if not isinstance(raw, dict):
        raise UsageError("An entity is a JSON object with PartitionKey and RowKey.")
    entity: dict[str, Any] = {}
    for name, value in raw.items():
        if name.endswith(_TYPE) or value is None:
            continue
        kind = raw.get(name + _TYPE)
        if isinstance(value, (dict, list)):
            raise UsageError(
                f"The entity's property '{name}' is no single value.",
                hint="Properties are text, numbers, booleans; write anything else as JSON text.",
            )
        entity[name] = value if kind is None else _parsed(name, value, kind)
    for name in ("PartitionKey", "RowKey"):
        if not isinstance(entity.get(name), str):
            raise UsageError(f"The entity has no {name}.", hint="It must be a text.")
    return entity


def _typed(value: Any) -> tuple[Any, str | None]:
    if isinstance(value, datetime):
        text = value.astimezone(timezone.utc).isoformat(timespec="microseconds")
        return text.replace("+00:00", "Z"), "Edm.DateTime"
    if isinstance(value, bytes):
        return base64.b64encode(value).decode(), "Edm.Binary"
    if isinstance(value, UUID):
        return str(value), "Edm.Guid"
    if isinstance(value, float) and not math.isfinite(value):
        return {"inf": "Infinity", "-inf": "-Infinity"}.get(str(value), "NaN"), "Edm.Double"
    return value, None


def _parsed(name: str, value: Any, kind: str) -> Any:
    parse = _PARSERS.get(kind)
    if parse is None:
        known = ", ".join(_PARSERS)
        raise UsageError(f"'{kind}' of '{name}' is no type here.", hint=f"There are: {known}.")
    try:
        return parse(value)
    except (ValueError, TypeError):
        raise UsageError(f"The entity's property '{name}' is no {kind}: {value!r}.") from None


def _datetime(value: Any) -> datetime:
    # Azure writes seven digits, Python 3.10 reads three or six
    text = re.sub(r"\.(\d{1,6})\d*", lambda match: "." + match[1].ljust(6, "0"), str(value))
    found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if found.tzinfo is None:
        found = found.replace(tzinfo=timezone.utc)
    return found.astimezone(timezone.utc)


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(value)
    return value


_PARSERS: Mapping[str, Callable[[Any], Any]] = {
    "Edm.DateTime": _datetime,
    "Edm.Binary": lambda value: base64.b64decode(value, validate=True),
    "Edm.Guid": UUID,
    "Edm.Double": float,
    "Edm.Int32": int,
    "Edm.Int64": int,
    "Edm.Boolean": _boolean,
    "Edm.String": str,
}
