"""The host id: under which name an app's hosts share leases, schedules and receipts."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from lazulite.config.appsettings import app_settings
from lazulite.errors import SettingError

SETTING = "AzureFunctionsWebHost__hostid"
_LONGEST = 32
_VALID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def host_id(root: str | Path, environ: Mapping[str, str], machine: str | None = None) -> str:
    """The id of the app in `root`: the setting's, the site's name, or machine and path hashed.

    Raises SettingError when the setting's value cannot be one.
    """
    settings = app_settings(environ)
    given = settings.get(SETTING)
    if given:
        if len(given) > _LONGEST or not _VALID.fullmatch(given):
            raise SettingError(
                f"'{given}' is not a valid host id.",
                hint=f"{SETTING} takes at most {_LONGEST} lower-case letters, digits and single "
                "dashes, beginning and ending with a letter or digit.",
            )
        return given
    site = _site(settings)
    if site:
        return _cut(site)
    name = machine_name() if machine is None else machine
    letters = "".join(char for char in name if char.isalnum())
    return _cut(f"{letters}-{abs(stable_hash(os.path.abspath(root)))}")


def stable_hash(text: str) -> int:
    """The original's hash of a text, a signed 32-bit number: it must survive restarts."""
    result = 23
    units = text.encode("utf-16-le", "surrogatepass")
    for at in range(0, len(units), 2):
        result = (result * 31 + int.from_bytes(units[at : at + 2], "little")) & 0xFFFFFFFF
    return result - (1 << 32) if result >= 1 << 31 else result


def machine_name() -> str:
    """The machine's name, without importing `platform` or `socket`."""
    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")


def _site(settings: Mapping[str, str]) -> str:
    site = settings.get("WEBSITE_SITE_NAME", "")
    slot = settings.get("WEBSITE_SLOT_NAME", "")
    return f"{site}-{slot}" if site and slot and slot.lower() != "production" else site


def _cut(name: str) -> str:
    return name.lower()[:_LONGEST].rstrip("-")
