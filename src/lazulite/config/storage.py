"""Storage accounts: connection strings and identity-based settings, parsed."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from lazulite.config.connections import ConnectionSetting, require_connection
from lazulite.errors import SettingError, Where

Service = Literal["blob", "queue", "table"]
SERVICES: tuple[Service, ...] = ("blob", "queue", "table")
DEVELOPMENT_ACCOUNT = "devstoreaccount1"
# The emulator's published key: the same on every machine, no secret.
DEVELOPMENT_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
_DEVELOPMENT_PORTS: Mapping[str, int] = {"blob": 10000, "queue": 10001, "table": 10002}
_SUFFIX = "core.windows.net"
_ENDPOINT = re.compile(r"https?://[^/?#\s]+[^?#\s]*", re.I)
_CREDENTIALS = ("managedidentity", "workloadidentity")


@dataclass(frozen=True, slots=True)
class Identity:
    """How to sign in: `credential` None means whatever identity the machine offers."""

    credential: str | None = None
    client_id: str | None = None
    tenant_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    resource_id: str | None = None


@dataclass(frozen=True, slots=True)
class StorageConnection:
    """A storage account. Exactly one of key, sas and identity is set.

    setting: where it comes from; development: the emulator on this machine is meant. Secrets are
    not part of the repr.
    """

    setting: str
    account: str | None
    endpoints: Mapping[str, str]
    key: str | None = field(default=None, repr=False)
    sas: str | None = field(default=None, repr=False)
    identity: Identity | None = None
    development: bool = False

    def endpoint(self, service: Service) -> str:
        """The URL of a service, without a slash at its end. Raises SettingError without one."""
        try:
            return self.endpoints[service]
        except KeyError:
            name = f"{service.capitalize()}Endpoint"
            if self.identity:
                name = f"{self.setting}__{service}ServiceUri"
            raise SettingError(
                f"The connection '{self.setting}' has no {service} endpoint.",
                hint=f"Add {name} or the account's name to it.",
            ) from None


def storage_connection(
    name: str | None,
    environ: Mapping[str, str],
    *,
    function: str | None = None,
    binding: str | None = None,
) -> StorageConnection:
    """The storage account that a connection names.

    Raises SettingError, naming function and binding, when it is missing or malformed.
    """
    setting = require_connection(name, environ, function=function, binding=binding)
    try:
        return parse_storage(setting)
    except SettingError as error:
        where = Where(function=function, binding=binding)
        raise SettingError(error.message, where=where, hint=error.hint) from None


def parse_storage(setting: ConnectionSetting) -> StorageConnection:
    """The storage account that the settings describe. Raises SettingError saying what is wrong."""
    if setting.value is not None:
        return parse_connection_string(setting.value, setting.setting)
    return _from_section(setting.setting, setting.section)


def parse_connection_string(text: str, setting: str = DEVELOPMENT_ACCOUNT) -> StorageConnection:
    """The storage account of a connection string; `setting` is named in errors.

    Raises SettingError saying which part is malformed, without showing any value.
    """
    parts = connection_parts(text, setting)
    if parts.get("usedevelopmentstorage", "").lower() == "true":
        return _development(setting, parts.get("developmentstorageproxyuri"))
    account, key = parts.get("accountname"), parts.get("accountkey")
    sas = parts.get("sharedaccesssignature")
    endpoints = _endpoints(parts, account, setting)
    if key:
        if not account:
            raise _malformed(setting, "it has an AccountKey but no AccountName")
        _check_key(key, setting)
    elif not sas:
        raise _malformed(setting, "it has neither an AccountKey nor a SharedAccessSignature")
    if not endpoints:
        raise _malformed(setting, "it has neither an AccountName nor an endpoint")
    return StorageConnection(
        setting=setting,
        account=account or _account_of(endpoints),
        endpoints=endpoints,
        key=key or None,
        sas=None if key else (sas or "").lstrip("?"),
    )


def connection_parts(text: str, setting: str) -> dict[str, str]:
    """The parts of any `Name=value;Name=value` string by lower-case name.

    Raises SettingError for a part without `=`, without a name, or given twice.
    """
    parts: dict[str, str] = {}
    for number, part in enumerate(text.split(";"), 1):
        if not part.strip():
            continue
        name, equals, value = part.partition("=")
        name = name.strip()
        if not equals:
            raise _malformed(setting, f"part {number} is not of the form Name=value")
        if not name:
            raise _malformed(setting, f"part {number} has no name before '='")
        if name.lower() in parts:
            raise _malformed(setting, f"{name} is given twice")
        parts[name.lower()] = value.strip()
    if not parts:
        raise _malformed(setting, "it is empty")
    return parts


def _endpoints(parts: Mapping[str, str], account: str | None, setting: str) -> dict[str, str]:
    protocol = parts.get("defaultendpointsprotocol", "https").lower()
    if protocol not in ("http", "https"):
        raise _malformed(setting, "DefaultEndpointsProtocol must be http or https")
    suffix = parts.get("endpointsuffix") or _SUFFIX
    endpoints: dict[str, str] = {}
    for service in SERVICES:
        given = parts.get(f"{service}endpoint")
        if given:
            endpoints[service] = _endpoint(given, f"{service.capitalize()}Endpoint", setting)
        elif account:
            endpoints[service] = f"{protocol}://{account}.{service}.{suffix}"
    return endpoints


def _endpoint(url: str, name: str, setting: str) -> str:
    # A signature may stand behind an endpoint by mistake: never show the value.
    if not _ENDPOINT.fullmatch(url):
        raise _malformed(setting, f"{name} must be a URL such as https://account.blob.{_SUFFIX}")
    return url.rstrip("/")


def _check_key(key: str, setting: str) -> None:
    try:
        base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        raise _malformed(setting, "AccountKey is not base64 text") from None


def _development(setting: str, proxy: str | None) -> StorageConnection:
    base = _endpoint(proxy or "http://127.0.0.1", "DevelopmentStorageProxyUri", setting)
    return StorageConnection(
        setting=setting,
        account=DEVELOPMENT_ACCOUNT,
        endpoints={
            service: f"{base}:{_DEVELOPMENT_PORTS[service]}/{DEVELOPMENT_ACCOUNT}"
            for service in SERVICES
        },
        key=DEVELOPMENT_KEY,
        development=True,
    )


def _from_section(setting: str, section: Mapping[str, str]) -> StorageConnection:
    account = section.get("accountname")
    endpoints: dict[str, str] = {}
    for service in SERVICES:
        name = f"{service}ServiceUri"
        given = section.get(name.lower()) or section.get("serviceuri")
        if given:
            endpoints[service] = _endpoint(given, f"{setting}__{name}", setting)
        elif account:
            endpoints[service] = f"https://{account}.{service}.{_SUFFIX}"
    if not endpoints:
        raise SettingError(
            f"The connection '{setting}' names no storage account.",
            hint=f"Add {setting}__accountName, or {setting}__blobServiceUri and its like.",
        )
    credential = section.get("credential", "").lower() or None
    if credential is not None and credential not in _CREDENTIALS:
        raise SettingError(
            f"'{section['credential']}' is no credential that '{setting}__credential' can name.",
            hint=f"Use {' or '.join(_CREDENTIALS)}, or leave it out for the machine's own.",
        )
    return StorageConnection(
        setting=setting,
        account=account or _account_of(endpoints),
        endpoints=endpoints,
        identity=Identity(
            credential=credential,
            client_id=section.get("clientid"),
            tenant_id=section.get("tenantid"),
            client_secret=section.get("clientsecret"),
            resource_id=section.get("managedidentityresourceid"),
        ),
    )


def _account_of(endpoints: Mapping[str, str]) -> str | None:
    for service, url in endpoints.items():
        match = re.match(rf"https?://([a-z0-9]+)\.{service}\.", url, re.I)
        if match:
            return match[1].lower()
    return None


def _malformed(setting: str, reason: str) -> SettingError:
    return SettingError(
        f"The connection string in '{setting}' is malformed: {reason}.",
        hint="Copy the whole string again from where it was made.",
    )
