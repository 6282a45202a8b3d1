"""A whole app's configuration, read once: host.json, settings, functions, environment."""

from __future__ import annotations

import os
import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lazulite.config import functions as v1
from lazulite.config import hostjson
from lazulite.config.appsettings import AppSettings
from lazulite.config.hostid import host_id
from lazulite.config.hostjson import HostConfig, load_host_config
from lazulite.config.loglevels import parse_level
from lazulite.config.settings import Decrypt, LocalSettings, load_local_settings, merge_environment
from lazulite.errors import ConfigError, LazuliteError, SettingError, Where
from lazulite.model import FunctionSpec

DEFAULT_SCRIPT = "function_app.py"
MAX_PROCESSES = 10
_SCRIPT_NAME = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_\-]*\.py")
_ENVIRONMENT = "AZURE_FUNCTIONS_ENVIRONMENT"
_HOST_PREFIX = "AzureFunctionsJobHost__"


@dataclass(frozen=True, slots=True)
class Launch:
    """What the command line says about a start. port: the public one; None where it is silent."""

    port: int | None = None
    functions: Sequence[str] = ()
    user_log_level: str | None = None
    development: bool = True


@dataclass(frozen=True, slots=True)
class AppConfig:
    """An app's configuration.

    root: absolute path; settings: app settings and environment, by name whatever the case;
    functions: the v1 functions that the allow-list lets through; script_name: the module of a v2
    app, whether or not it is there; processes: how many workers; messages: lines for the log at
    Information; warnings: what is wrong and does not stop the app.
    """

    root: str
    host: HostConfig
    local: LocalSettings
    settings: AppSettings
    functions: tuple[FunctionSpec, ...]
    script_name: str
    host_id: str
    processes: int = 1
    messages: tuple[str, ...] = ()
    warnings: tuple[LazuliteError, ...] = ()

    @property
    def script_file(self) -> str:
        """The absolute path of the v2 module."""
        return os.path.join(self.root, self.script_name)

    @property
    def development(self) -> bool:
        """Whether this is local mode, where keys are not asked for unless told to."""
        return self.settings.get("AZURE_FUNCTIONS_ENVIRONMENT") == "Development"

    @property
    def has_script(self) -> bool:
        """Whether the v2 module is there (it may still declare no function)."""
        return os.path.isfile(self.script_file)

    def worker_environment(self, version: str, port: int | None = None) -> dict[str, str]:
        """The environment of a worker whose Python is `version` (`3.11`); `port`: the public one,
        when it was not known at the start."""
        environ = dict(self.settings)
        environ["FUNCTIONS_WORKER_RUNTIME_VERSION"] = version
        if port is not None:
            environ["WEBSITE_HOSTNAME"] = f"localhost:{port}"
        return environ


def load_app(
    root: str | Path,
    environ: Mapping[str, str],
    launch: Launch | None = None,
    *,
    kinds: Container[str] | None = None,
    decrypt: Decrypt | None = None,
) -> AppConfig:
    """The configuration of the app in `root`.

    environ: the process's environment, which wins over the settings file; kinds: the binding kinds
    (lower case) that the host has, None to accept any. Errors of one function are in its `error`;
    raises ConfigError for what stops the whole app.
    """
    launch = launch or Launch()
    folder = os.path.abspath(root)
    if not os.path.isdir(folder):
        raise ConfigError(f'"{folder}" doesn\'t exist.', hint="Name the app's folder.")
    given = load_local_settings(folder, decrypt)
    merged, messages = merge_environment(given, environ)
    warnings = list(given.warnings)
    environment = merged.get(_ENVIRONMENT, "Development")
    if launch.development and environment != "Development":
        messages += (f"{_ENVIRONMENT} is '{environment}'; it is set to 'Development' here.",)
    merged.update(_start_environment(folder, merged, launch, given.host.port))
    settings = AppSettings(merged)
    _check_runtime(settings)
    host = load_host_config(folder, settings)
    host, merged = _log_level(folder, host, merged, launch)
    if launch.functions:
        host = replace(host, functions=tuple(launch.functions))
    settings = AppSettings(merged)
    functions = v1.scan_functions(folder, settings, kinds=kinds, retry=host.retry)
    script = script_name(settings)
    if not functions and not os.path.isfile(os.path.join(folder, script)):
        warnings.append(_no_functions(folder, script))
    if host.functions is not None:
        names = ", ".join(host.functions)
        messages += (
            "A function allow list has been specified, excluding all but the following "
            f"functions: [{names}]",
        )
    return AppConfig(
        root=folder,
        host=host,
        local=given,
        settings=settings,
        functions=tuple(spec for spec in functions if host.allows(spec.name)),
        script_name=script,
        host_id=host_id(folder, settings),
        processes=process_count(settings),
        messages=messages,
        warnings=tuple(warnings),
    )


def script_name(settings: Mapping[str, str]) -> str:
    """The file name of the v2 module. Raises SettingError when the setting cannot be one."""
    name = settings.get("PYTHON_SCRIPT_FILE_NAME") or DEFAULT_SCRIPT
    if not _SCRIPT_NAME.fullmatch(name):
        raise SettingError(
            f"Invalid file name: {name}",
            hint="PYTHON_SCRIPT_FILE_NAME takes the name of a .py file in the app's folder: "
            "letters, digits, '_' and '-'.",
        )
    return name


def process_count(settings: Mapping[str, str]) -> int:
    """How many workers FUNCTIONS_WORKER_PROCESS_COUNT asks for, at least one.

    Raises SettingError when it is no whole number or more than 10.
    """
    raw = settings.get("FUNCTIONS_WORKER_PROCESS_COUNT") or "1"
    try:
        count = int(raw)
    except ValueError:
        count = MAX_PROCESSES + 1
    if count > MAX_PROCESSES:
        raise SettingError(
            f"FUNCTIONS_WORKER_PROCESS_COUNT must be a whole number from 1 to {MAX_PROCESSES}, "
            f"not '{raw}'."
        )
    return max(1, count)


def _start_environment(
    root: str, merged: Mapping[str, str], launch: Launch, file_port: int | None
) -> dict[str, str]:
    """What a start sets, over or below what is there, as the original's command does."""
    settings = AppSettings(merged)
    port = launch.port or file_port or 7071
    environ = {
        "AzureWebJobsScriptRoot": root,
        f"{_HOST_PREFIX}SequentialRestart": "true",
        "FUNCTIONS_WORKER_RUNTIME": settings.get("FUNCTIONS_WORKER_RUNTIME") or "python",
    }
    if launch.development:
        environ[_ENVIRONMENT] = "Development"
        environ["FUNCTIONS_CORETOOLS_ENVIRONMENT"] = "True"
        environ["WEBSITE_HOSTNAME"] = f"localhost:{port}"
        environ["PYTHON_ENABLE_DEBUG_LOGGING"] = settings.get("PYTHON_ENABLE_DEBUG_LOGGING", "1")
    for index, name in enumerate(launch.functions):
        environ[f"{_HOST_PREFIX}functions__{index}"] = name
    return environ


def _check_runtime(settings: Mapping[str, str]) -> None:
    runtime = settings.get("FUNCTIONS_WORKER_RUNTIME", "")
    if runtime.lower() != "python":
        raise SettingError(
            f"FUNCTIONS_WORKER_RUNTIME is '{runtime}', and only Python apps can be run.",
            hint="Set it to python, or remove it.",
        )


def _log_level(
    root: str, host: HostConfig, merged: dict[str, str], launch: Launch
) -> tuple[HostConfig, dict[str, str]]:
    """The user's log level as a host.json override, unless host.json or a variable has one."""
    level = launch.user_log_level
    if level is None:
        return host, merged
    if parse_level(level) is None:
        raise SettingError(f"'{level}' is no log level.", hint="Use Information, Debug, ...")
    if "Function" in host.root.section("logging", "logLevel"):
        return host, merged
    merged = {**merged, f"{_HOST_PREFIX}logging__logLevel__Function": level}
    return load_host_config(root, merged), merged


def _no_functions(root: str, script: str) -> ConfigError:
    hint = f"Add {script}, or a folder with function.json; 'func new' makes one."
    try:
        with os.scandir(root) as entries:
            below = sorted(
                entry.path
                for entry in entries
                if entry.is_dir() and os.path.isfile(os.path.join(entry.path, hostjson.FILE_NAME))
            )
    except OSError:
        below = []
    if below and not os.path.isfile(os.path.join(root, hostjson.FILE_NAME)):
        hint = f"There is a host.json in {below[0]}: start there, or use --script-root."
    return ConfigError("No functions were found.", where=Where(root), hint=hint)
