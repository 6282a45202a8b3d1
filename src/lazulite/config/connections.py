"""Connections: from the name that a binding gives to settings, and to a storage account.

`connection: "X"` means the setting `AzureWebJobsX`, else `X`; no name means AzureWebJobsStorage.
A connection is one text (a connection string) or a section (`X__accountName`, ...: identity).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lazulite.config.appsettings import app_settings
from lazulite.errors import SettingError, Where

PREFIX = "AzureWebJobs"
DEFAULT_CONNECTION = "AzureWebJobsStorage"
# App Service hands connection strings to the app under these names.
_SERVICE_PREFIXES = (
    "ConnectionStrings:",
    "CUSTOMCONNSTR_",
    "SQLAZURECONNSTR_",
    "SQLCONNSTR_",
    "MYSQLCONNSTR_",
    "POSTGRESQLCONNSTR_",
)
_LOOKS_LIKE_A_STRING = ("accountname=", "accountkey=", "endpoint=", "sharedaccess")


@dataclass(frozen=True, slots=True)
class ConnectionSetting:
    """What the settings hold for a connection.

    name: as the binding gives it; setting: the name found; value: the connection string, or None
    for a section, whose members are in `section` by lower-case name.
    """

    name: str
    setting: str
    value: str | None = field(default=None, repr=False)
    section: Mapping[str, str] = field(default_factory=dict, repr=False)


def find_connection(name: str | None, environ: Mapping[str, str]) -> ConnectionSetting | None:
    """The settings of a connection; None when there are none. An empty setting counts as none."""
    settings = app_settings(environ)
    wanted = name or DEFAULT_CONNECTION
    candidates = [PREFIX + wanted, wanted]
    for candidate in candidates:
        for prefix in (*_SERVICE_PREFIXES, ""):
            value = settings.get(prefix + candidate)
            if value:
                return ConnectionSetting(name or "", candidate, value)
        section = {key: value for key, value in settings.section(candidate).items() if value}
        if section:
            return ConnectionSetting(name or "", candidate, None, section)
    return None


def require_connection(
    name: str | None,
    environ: Mapping[str, str],
    *,
    function: str | None = None,
    binding: str | None = None,
) -> ConnectionSetting:
    """The settings of a connection. Raises SettingError naming setting, function and binding."""
    found = find_connection(name, environ)
    if found is not None:
        return found
    where = Where(function=function, binding=binding)
    wanted = name or DEFAULT_CONNECTION
    if any(part in wanted.lower() for part in _LOOKS_LIKE_A_STRING):
        raise SettingError(
            "'connection' holds a connection string instead of the name of a setting.",
            where=where,
            hint="Put the string under a name in Values of local.settings.json (in the "
            "environment on a server) and give that name.",
        )
    full = wanted if wanted.lower().startswith(PREFIX.lower()) else PREFIX + wanted
    raise SettingError(
        f"Storage account connection string '{full}' does not exist. "
        "Make sure that it is a defined App Setting.",
        where=where,
        hint=f"Add '{wanted}' to Values in local.settings.json or to the environment; "
        f"for an identity add '{wanted}__accountName'.",
    )
