"""What an access key says of itself."""

from __future__ import annotations

import base64
from typing import get_args

from lazulite.web.keys import KeyKind, generate_key


def kind_of(key: str) -> KeyKind:
    """The kind whose checksum a key carries. Raises ValueError for one that was not generated."""
    random = base64.urlsafe_b64decode(key)[:33]
    kinds: tuple[KeyKind, ...] = get_args(KeyKind)
    (kind,) = (kind for kind in kinds if generate_key(kind, random) == key)
    return kind
