"""The documents that keep keys: host.json and {function}.json of the secrets folder or container.

Pure: JSON-able in, JSON-able out. Member names are matched whatever their case.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from lazulite.web.keys import KeyTable, generate_key

DEFAULT_KEY = "default"


class HostSecrets(NamedTuple):
    """The host's keys: master, and values by name."""

    master: str
    functions: Mapping[str, str]
    system: Mapping[str, str]


def parse_host(document: Any) -> HostSecrets:
    """The keys of a host document, of today's form or of the first one
    (`{"masterKey": "...", "functionKey": "..."}`).

    Raises ValueError where it is neither, or holds encrypted values, which cannot be read.
    """
    members = _members(document)
    master = members.get("masterkey")
    if isinstance(master, str):
        old = members.get("functionkey")
        return HostSecrets(master, {DEFAULT_KEY: _text(old)} if old else {}, {})
    return HostSecrets(
        _value(_members(master)) if master else "",
        _keys(members.get("functionkeys")),
        _keys(members.get("systemkeys")),
    )


def parse_function(document: Any) -> dict[str, str]:
    """The keys of a function document (`{"keys": [...]}`, or the first form `{"key": "..."}`).

    Raises ValueError.
    """
    members = _members(document)
    old = members.get("key")
    if isinstance(old, str):
        return {DEFAULT_KEY: old}
    if "keys" not in members:
        raise ValueError("the key document has no 'keys'")
    return _keys(members["keys"])


def render_host(secrets: HostSecrets, host_name: str = "", instance_id: str = "") -> dict[str, Any]:
    """The document `parse_host` reads."""
    return {
        "masterKey": _entry("master", secrets.master),
        "functionKeys": [_entry(*key) for key in secrets.functions.items()],
        "systemKeys": [_entry(*key) for key in secrets.system.items()],
        **_origin(host_name, instance_id),
    }


def render_function(
    keys: Mapping[str, str], host_name: str = "", instance_id: str = ""
) -> dict[str, Any]:
    """The document `parse_function` reads."""
    return {"keys": [_entry(*key) for key in keys.items()], **_origin(host_name, instance_id)}


def new_host() -> HostSecrets:
    """What a host without secrets gets: a master key and a default function key."""
    return HostSecrets(generate_key("master"), {DEFAULT_KEY: generate_key("function")}, {})


def new_function() -> dict[str, str]:
    """What a function without secrets gets: a default key."""
    return {DEFAULT_KEY: generate_key("function")}


def key_table(host: HostSecrets, functions: Mapping[str, Mapping[str, str]]) -> KeyTable:
    """All documents of an app together."""
    return KeyTable(
        host.master,
        host.functions,
        host.system,
        {name.lower(): keys for name, keys in functions.items()},
    )


def _origin(host_name: str, instance_id: str) -> dict[str, str]:
    return {
        "hostName": host_name,
        "instanceId": instance_id,
        "source": "runtime",
        "decryptionKeyId": "",
    }


def _entry(name: str, value: str) -> dict[str, Any]:
    return {"name": name, "value": value, "encrypted": False}


def _members(document: Any) -> dict[str, Any]:
    if not isinstance(document, Mapping):
        raise ValueError("the key document is not a JSON object")
    return {str(name).lower(): value for name, value in document.items()}


def _keys(entries: Any) -> dict[str, str]:
    if entries is None:
        return {}
    if not isinstance(entries, list):
        raise ValueError("the keys of the key document are not a list")
    found: dict[str, str] = {}
    for entry in entries:
        members = _members(entry)
        found[_text(members.get("name"))] = _value(members)
    return found


def _value(members: Mapping[str, Any]) -> str:
    if members.get("encrypted") is True:
        raise ValueError(f"the key '{members.get('name')}' is encrypted and cannot be read here")
    return _text(members.get("value"))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a key of the key document has no text for its name or value")
    return value
