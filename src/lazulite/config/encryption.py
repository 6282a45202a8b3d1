"""Encrypted local settings: Fernet (AES-128-CBC with HMAC-SHA256) under one key a user.

The standard library has no cipher, and one built here from its hashes would be ours alone to
vouch for; so this needs the `cryptography` package, which the extra `lazulite[crypto]` (and
`lazulite[azure]`) brings. The key is in {XDG_CONFIG_HOME or ~/.config}/lazulite/settings.key,
readable by its owner only: encrypted settings are of use to this user on this machine.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lazulite.errors import SettingError, Where

if TYPE_CHECKING:
    from cryptography.fernet import Fernet


def key_path(environ: Mapping[str, str] | None = None) -> str:
    """Where this user's key is, or will be."""
    environ = os.environ if environ is None else environ
    base = environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    return os.path.join(base, "lazulite", "settings.key")


def encrypt(value: str) -> str:
    """`value` as a token; makes the user's key when there is none. Raises SettingError."""
    return _cipher(create=True).encrypt(value.encode()).decode("ascii")


def decrypt(token: str, name: str, file: str) -> str:
    """What `encrypt` was given. Raises SettingError naming the setting and its file."""
    cipher = _cipher(create=False)
    from cryptography.fernet import InvalidToken

    try:
        return cipher.decrypt(token.encode()).decode()
    except InvalidToken:
        raise SettingError(
            f"Failed to decrypt settings. '{name}' was not encrypted with the key in {key_path()}.",
            where=Where(file=file),
            hint=f"Set it again: func settings add {name} VALUE, or copy the key it was made with.",
        ) from None


def _cipher(create: bool) -> Fernet:
    try:
        from cryptography.fernet import Fernet
    except ImportError:
        raise SettingError(
            "Encrypted settings need the cryptography package.",
            hint='Install it: pip install "lazulite[crypto]"',
        ) from None
    path = key_path()
    try:
        with open(path, "rb") as file:
            return Fernet(file.read().strip())
    except FileNotFoundError:
        if not create:
            raise SettingError(
                f"Failed to decrypt settings. The key {path} is not there.",
                hint="The settings were encrypted by another user or on another machine: "
                "copy the key, or set them again in plain text.",
            ) from None
    except ValueError:
        raise SettingError("The key is damaged.", where=Where(file=path)) from None
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    key = Fernet.generate_key()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _cipher(create=False)
    with os.fdopen(handle, "wb") as file:
        file.write(key + b"\n")
    return Fernet(key)
