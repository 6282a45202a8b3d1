"""local.settings.json: an app's settings on a developer's machine.

    {"IsEncrypted": false, "Values": {...}, "ConnectionStrings": {...}, "Host": {...}}

The file is optional. One that is not JSON is reported and treated as empty, as the original does.
Unlike there a missing `IsEncrypted` means false, and a member that is no text costs only itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lazulite.config.jsonc import loads, read_text
from lazulite.config.options import Options, flag, integer, read_options, text
from lazulite.config.section import Section, Source
from lazulite.errors import ConfigError, LazuliteError, Where

FILE_NAME = "local.settings.json"


# The plain text of an encrypted value; also told the setting's name and the file, for its errors.
Decrypt = Callable[[str, str, str], str]


@dataclass(frozen=True)
class LocalHost(Options):
    """The `Host` section; None where it says nothing. cors: comma-separated origins."""

    port: int | None = integer(None, 1, 65535, key="LocalHttpPort")
    address: str | None = text(None, key="LocalHttpAddress")
    cors: str | None = text(None, key="CORS")
    cors_credentials: bool = flag(False, key="CORSCredentials")

    @property
    def origins(self) -> tuple[str, ...]:
        """The allowed origins of `CORS`."""
        return tuple(part.strip() for part in (self.cors or "").split(",") if part.strip())


@dataclass(frozen=True)
class LocalSettings:
    """What the file says. Values are texts; nulls names the members whose value is null.

    exists: whether the file is there; warnings: what was wrong with it, each with its place.
    """

    file: str
    exists: bool = False
    encrypted: bool = False
    values: Mapping[str, str] = field(default_factory=dict)
    nulls: tuple[str, ...] = ()
    connection_strings: Mapping[str, str] = field(default_factory=dict)
    host: LocalHost = field(default_factory=LocalHost)
    warnings: tuple[LazuliteError, ...] = ()


def load_local_settings(root: str | Path, decrypt: Decrypt | None = None) -> LocalSettings:
    """The settings file of the app in `root`. Raises nothing: what is wrong is in `warnings`.

    A file is encrypted when its `IsEncrypted` is true; then `decrypt` reads each value.
    """
    path = Path(root) / FILE_NAME
    if not path.is_file():
        return LocalSettings(str(path))
    try:
        content = read_text(path)
        raw = loads(content, str(path))
        if not isinstance(raw, Mapping):
            raise ConfigError("It must hold an object.", where=Where(str(path), 1, 1))
    except ConfigError as error:
        return LocalSettings(str(path), exists=True, warnings=(_unusable(path, error),))
    try:
        return _read(Section(raw, (), Source(str(path), content)), decrypt)
    except ConfigError as error:
        return LocalSettings(str(path), exists=True, warnings=(error,))


def merge_environment(
    settings: LocalSettings, environ: Mapping[str, str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """The environment with the file's settings below it, and the messages to log.

    A variable that is set already wins over the file; members that are null are skipped.
    """
    merged = dict(environ)
    messages: list[str] = []
    for name, value in settings.values.items():
        if name in environ:
            messages.append(
                f"Skipping '{name}' from local settings as it's already defined "
                "in current environment variables."
            )
        else:
            merged[name] = value
    messages += [f"Skipping '{name}' because value is null" for name in settings.nulls]
    for name, value in settings.connection_strings.items():
        merged.setdefault(f"ConnectionStrings:{name}", value)
    return merged, tuple(messages)


def _read(root: Section, decrypt: Decrypt | None) -> LocalSettings:
    encrypted = read_options(_Encryption, root).is_encrypted
    if encrypted and decrypt is None:
        raise root.error(
            "IsEncrypted",
            "Failed to decrypt settings. There is no key to read them with.",
            "Run 'func settings decrypt' where they were encrypted. None of them are used.",
        )
    warnings: list[LazuliteError] = []
    nulls: list[str] = []

    def texts(section: Section, read: Callable[[Section, str], str | None]) -> dict[str, str]:
        found: dict[str, str] = {}
        for name in section:
            try:
                _check_name(section, name)
                value = read(section, name)
                if value is None:
                    nulls.append(name)
                else:
                    found[name] = (
                        decrypt(value, name, root.source.file) if encrypted and decrypt else value
                    )
            except ConfigError as error:
                warnings.append(error)
        return found

    def below(name: str) -> Section:
        try:
            return root.section(name)
        except ConfigError as error:
            warnings.append(error)
            return Section()

    values = texts(below("Values"), _scalar)
    connection_strings = texts(below("ConnectionStrings"), _connection_string)
    host = LocalHost()
    try:
        host = read_options(LocalHost, below("Host"))
    except ConfigError as error:
        warnings.append(error)
    return LocalSettings(
        file=root.source.file,
        exists=True,
        encrypted=encrypted,
        values=values,
        nulls=tuple(nulls),
        connection_strings=connection_strings,
        host=host,
        warnings=tuple(warnings),
    )


@dataclass(frozen=True)
class _Encryption(Options):
    is_encrypted: bool = flag(False, key="IsEncrypted")


def _check_name(section: Section, name: str) -> None:
    if not name or "=" in name or "\0" in name:
        message = f"'{name}' cannot be the name of an environment variable; it is not used."
        raise section.error(name, message)


def _scalar(section: Section, name: str) -> str | None:
    value: Any = section[name]
    if value is None or isinstance(value, str):
        if value and "\0" in value:
            raise section.error(name, f"'{section.key(name)}' holds a NUL character.")
        return value
    if isinstance(value, bool | int | float):
        return str(value)
    raise section.error(
        name,
        f"'{section.key(name)}' must be a text, not {_kind(value)}.",
        "A setting holds one text: write JSON as a text in quotes, or split the names with '__'.",
    )


def _connection_string(section: Section, name: str) -> str | None:
    value = section[name]
    if isinstance(value, Mapping):
        return _scalar(section.section(name), "ConnectionString") if value else None
    return _scalar(section, name)


def _kind(value: Any) -> str:
    return "a list" if isinstance(value, list) else "an object"


def _unusable(path: Path, error: LazuliteError) -> ConfigError:
    message = (
        f"Failed to read app settings file at '{path}'. Ensure it is a valid JSON file. "
        f"{error.message}"
    )
    hint = "None of its settings are used." + (f" {error.hint}" if error.hint else "")
    return ConfigError(message, where=error.where, hint=hint)
