"""What the lease stores do alike."""

from __future__ import annotations

import uuid

OWNER = "FunctionInstance"  # the metadata that names a lease's owner, as the original writes it
_NAMESPACE = uuid.UUID("5a4ff1f0-5c3f-4cb0-8a3b-58f2c5a1a0be")


def lease_id(path: str, owner: str) -> str:
    """The id of `owner`'s lease of `path`: always the same, so that an owner may acquire again."""
    return str(uuid.uuid5(_NAMESPACE, f"{path}\n{owner}"))
