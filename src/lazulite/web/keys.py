"""Access keys: levels, who may call what, and keys made as the original makes them."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Literal, NamedTuple

Keys = Mapping[str, str]  # value by name


class AuthLevel(IntEnum):
    """How far a caller may go; what a function asks for."""

    ANONYMOUS = 0
    FUNCTION = 1
    SYSTEM = 2
    ADMIN = 3

    @classmethod
    def parse(cls, text: str | None) -> AuthLevel:
        """The level a binding names, whatever its case; None or '' = function. Raises
        ValueError."""
        if not text:
            return cls.FUNCTION
        try:
            return cls[text.upper()]
        except KeyError:
            names = ", ".join(level.name.lower() for level in cls)
            raise ValueError(f"'{text}' is no authLevel (there are: {names})") from None


class KeyTable(NamedTuple):
    """All keys of an app. `functions` goes by function name in lower case."""

    master: str = ""
    host: Keys = {}
    system: Keys = {}
    functions: Mapping[str, Keys] = {}

    def to_json(self) -> dict[str, Any]:
        """A JSON-able form; `from_json` is its inverse."""
        return {
            "master": self.master,
            "host": dict(self.host),
            "system": dict(self.system),
            "functions": {name: dict(keys) for name, keys in self.functions.items()},
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> KeyTable:
        """The table that `to_json` wrote."""
        functions = {name.lower(): dict(keys) for name, keys in raw["functions"].items()}
        return cls(raw["master"], dict(raw["host"]), dict(raw["system"]), functions)


def caller_level(table: KeyTable, key: str | None, function: str | None = None) -> AuthLevel:
    """How far a key opens the app, and the named function; ANONYMOUS for a wrong one or none."""
    if not key:
        return AuthLevel.ANONYMOUS
    given = key.encode("utf-8", "surrogatepass")
    if _any_same(given, (table.master,)):
        return AuthLevel.ADMIN
    if _any_same(given, table.system.values()):
        return AuthLevel.SYSTEM
    own = table.functions.get(function.lower(), {}) if function else {}
    if _any_same(given, table.host.values()) | _any_same(given, own.values()):
        return AuthLevel.FUNCTION
    return AuthLevel.ANONYMOUS


def satisfies(caller: AuthLevel, required: AuthLevel) -> bool:
    """Whether a caller may call: of exactly the level required, or admin. (So a system key does
    not open a function of level function.)"""
    return required is AuthLevel.ANONYMOUS or caller in (required, AuthLevel.ADMIN)


def presented_key(header: str | None, query: str | None) -> str | None:
    """The key of a request: header `x-functions-key`, and only without it the query's `code`."""
    return header if header else query


def _any_same(given: bytes, keys: Any) -> bool:
    from hmac import compare_digest

    same = False
    for key in keys:
        same |= bool(key) and compare_digest(given, key.encode("utf-8", "surrogatepass"))
    return same


# --- making keys ----------------------------------------------------------------------------------

KeyKind = Literal["master", "system", "function"]
_SEEDS: dict[KeyKind, int] = {
    "master": 0x4D61737465723030,
    "system": 0x53797374656D3030,
    "function": 0x46756E6374693030,
}
_LENGTH = 40
_SIGNATURE = base64.b64decode("AzFu")
_MASK = 0xFFFFFFFF


def generate_key(kind: KeyKind, random: bytes | None = None) -> str:
    """A new key: 56 characters of URL-safe base64.

    40 bytes: 33 random ones, three that spell `AzFu` in base64, and a Marvin32 checksum of these,
    seeded by the kind of key, so that scanners recognise a leaked key. random: 33 bytes, for tests.
    """
    body = (os.urandom(_LENGTH - 7) if random is None else random) + _SIGNATURE
    checksum = _marvin32(body, _SEEDS[kind]).to_bytes(4, "little")
    return base64.urlsafe_b64encode(body + checksum).decode()


def _marvin32(data: bytes, seed: int) -> int:
    """Marvin32 of data whose length is a multiple of four."""
    low, high = seed & _MASK, seed >> 32
    words = [int.from_bytes(data[i : i + 4], "little") for i in range(0, len(data), 4)]
    for word in [*words, 0x80, 0]:
        low = (low + word) & _MASK
        high ^= low
        low = (_rotate(low, 20) + high) & _MASK
        high = _rotate(high, 9) ^ low
        low = (_rotate(low, 27) + high) & _MASK
        high = _rotate(high, 19)
    return high ^ low


def _rotate(value: int, bits: int) -> int:
    return ((value << bits) | (value >> (32 - bits))) & _MASK
