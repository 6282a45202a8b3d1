"""By whose clocks schedules go."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone, tzinfo
from zoneinfo import ZoneInfo

from lazulite.errors import SettingError

_NAMES = ("WEBSITE_TIME_ZONE", "TZ")
_LOCAL = "/etc/localtime"


def time_zone(settings: Mapping[str, str]) -> tzinfo:
    """The zone that a setting names, else the machine's own.

    Raises SettingError for a name that is not in the time zone database.
    """
    for setting in _NAMES:
        name = (settings.get(setting) or "").strip().lstrip(":")
        if name:
            return _named(setting, name)
    return _from_file(_LOCAL) or datetime.now().astimezone().tzinfo or timezone.utc


def _named(setting: str, name: str) -> tzinfo:
    if name.upper() in ("UTC", "UTC0", "Z"):
        return timezone.utc
    if name.startswith("/"):
        zone = _from_file(name)
        if zone is not None:
            return zone
    else:
        try:
            return ZoneInfo(name)
        except (LookupError, ValueError, OSError):
            pass
    raise SettingError(
        f"The time zone '{name}' of the setting '{setting}' is not known.",
        hint="Use a name of the IANA database, for instance Europe/Istanbul. A machine without "
        "that database gets it with: pip install tzdata",
    )


def _from_file(path: str) -> tzinfo | None:
    try:
        with open(path, "rb") as file:
            return ZoneInfo.from_file(file)
    except (OSError, ValueError):
        return None
