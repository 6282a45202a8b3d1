"""host.json: the app's settings for its host, with the environment's overrides.

A missing file means the defaults (the original writes one; we leave the folder alone). Names match
whatever their case; unknown members are kept and ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from lazulite.config.jsonc import loads, read_text
from lazulite.config.loglevels import LogLevels, read_levels
from lazulite.config.options import (
    Options,
    choice,
    days,
    flag,
    integer,
    integer_map,
    number,
    read_options,
    seconds,
    string_map,
    strings,
    text,
)
from lazulite.config.retry import read_retry
from lazulite.config.section import Section, Source, with_overrides
from lazulite.errors import ConfigError, ExpressionError, FileSyntaxError, Where
from lazulite.expr.timespan import parse_timespan
from lazulite.model import RetryPolicy

FILE_NAME = "host.json"
DEFAULT_TIMEOUT = 1800.0
# host.json adds to these, it does not replace them.
WATCHED_FILES = ("host.json", "function.json", "proxies.json")
WATCHED_DIRECTORIES = ("node_modules",)
_UNLIMITED = ("-1", "-1.00:00:00")


@dataclass(frozen=True)
class HstsOptions(Options):
    """`extensions.http.hsts`; max_age in seconds."""

    is_enabled: bool = flag(False)
    max_age: float = days(30 * 86400)
    include_sub_domains: bool = flag(False)
    preload: bool = flag(False)
    excluded_hosts: tuple[str, ...] = strings("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True)
class HttpOptions(Options):
    """`extensions.http`; -1 means without bound."""

    route_prefix: str = text("api")
    max_outstanding_requests: int = integer(-1, -1)
    max_concurrent_requests: int = integer(-1, -1)
    dynamic_throttles_enabled: bool = flag(False)
    enable_chunked_request_binding: bool = flag(False)
    custom_headers: Mapping[str, str] = string_map()
    hsts: HstsOptions = field(default_factory=HstsOptions)


@dataclass(frozen=True)
class SingletonOptions(Options):
    """`singleton`: leases, all in seconds; acquisition without a timeout waits for ever."""

    lock_period: float = seconds(15, 15, 60)
    listener_lock_period: float = seconds(60, 15, 60)
    lock_acquisition_timeout: float | None = seconds(None)
    lock_acquisition_polling_interval: float = seconds(5, 0.5)
    listener_lock_recovery_polling_interval: float = seconds(60, 15)


@dataclass(frozen=True)
class HealthMonitorOptions(Options):
    """`healthMonitor`; intervals in seconds."""

    enabled: bool = flag(True)
    health_check_interval: float = seconds(10)
    health_check_window: float = seconds(120)
    health_check_threshold: int = integer(6, 1)
    counter_threshold: float = number(0.80, 0, 1)


@dataclass(frozen=True)
class AggregatorOptions(Options):
    """`aggregator`: how invocation results are summed up; flush_timeout in seconds."""

    is_enabled: bool = flag(True)
    batch_size: int = integer(1000, 1, 10000)
    flush_timeout: float = seconds(30, 0.0000001, 300)


@dataclass(frozen=True)
class ConcurrencyOptions(Options):
    """`concurrency`; a maximum of -1 means none.

    functions: how many invocations of a function may run at once, by its name. Ours: the original
    has such a limit for all functions alike only, with dynamic concurrency.
    """

    dynamic_concurrency_enabled: bool = flag(False)
    snapshot_persistence_enabled: bool = flag(True)
    maximum_function_concurrency: int = integer(500, -1)
    total_available_memory_bytes: int = integer(-1, -1)
    cpu_threshold: float = number(0.80, 0, 1, key="CPUThreshold")
    functions: Mapping[str, int] = integer_map(1)

    def limit_of(self, function: str) -> int | None:
        """How many invocations of a function may run at once in one host; None: any number."""
        for name, limit in self.functions.items():
            if name.lower() == function.lower():
                return limit
        if self.dynamic_concurrency_enabled and self.maximum_function_concurrency > 0:
            return self.maximum_function_concurrency
        return None


@dataclass(frozen=True)
class LoggingOptions(Options):
    """`logging`. console_enabled None: as the environment says (true in Development).

    console_levels and application_insights_levels have the general levels below them.
    application_insights and open_telemetry are their sections as written.
    """

    file_logging_mode: str = choice("debugOnly", "never", "always", "debugOnly")
    levels: LogLevels = field(default_factory=LogLevels)
    console_enabled: bool | None = None
    console_levels: LogLevels = field(default_factory=LogLevels)
    application_insights_levels: LogLevels = field(default_factory=LogLevels)
    application_insights: Section = field(default_factory=Section)
    open_telemetry: Section = field(default_factory=Section)


@dataclass(frozen=True)
class ExtensionBundle:
    """`extensionBundle`: kept for the record, since every binding is built in."""

    id: str
    version: str


@dataclass(frozen=True)
class HostConfig(Options):
    """host.json. file: its path, '' when there is none. Times are in seconds.

    functions: the allow-list, None for all; function_timeout: None for none.
    """

    file: str = ""
    function_timeout: float | None = DEFAULT_TIMEOUT
    functions: tuple[str, ...] | None = None
    watch_directories: tuple[str, ...] = strings(*WATCHED_DIRECTORIES)
    watch_files: tuple[str, ...] = strings(*WATCHED_FILES)
    telemetry_mode: str = choice(
        "ApplicationInsights", "ApplicationInsights", "OpenTelemetry", "None"
    )
    send_canceled_invocations_to_worker: bool = flag(True)
    metadata_provider_timeout: float = seconds(30)
    retry: RetryPolicy | None = None
    extension_bundle: ExtensionBundle | None = None
    http: HttpOptions = field(default_factory=HttpOptions)
    singleton: SingletonOptions = field(default_factory=SingletonOptions)
    health_monitor: HealthMonitorOptions = field(default_factory=HealthMonitorOptions)
    aggregator: AggregatorOptions = field(default_factory=AggregatorOptions)
    concurrency: ConcurrencyOptions = field(default_factory=ConcurrencyOptions)
    logging: LoggingOptions = field(default_factory=LoggingOptions)
    root: Section = field(default_factory=Section)

    def extension(self, kind: str) -> Section:
        """The section `extensions.<kind>`, for the binding kind that knows its members."""
        return self.root.section("extensions", kind)

    def allows(self, function: str) -> bool:
        """Whether the allow-list, if any, has the function."""
        return self.functions is None or function.lower() in {f.lower() for f in self.functions}


def load_host_config(root: str | Path, environ: Mapping[str, str]) -> HostConfig:
    """host.json of the app in `root`, with `AzureFunctionsJobHost__*` variables laid over it.

    Raises ConfigError (FileSyntaxError when the file is not JSON) naming file, line and member.
    """
    path = Path(root) / FILE_NAME
    if not path.is_file():
        values, overrides = with_overrides({"version": "2.0"}, environ)
        return _read(Section(values, (), Source("", "", overrides)))
    content = read_text(path)
    try:
        raw = loads(content, str(path))
    except FileSyntaxError as error:
        message = f"Unable to parse host configuration file '{path}'. {error.message}"
        raise FileSyntaxError(message, where=error.where, hint=error.hint) from None
    if not isinstance(raw, dict):
        raise ConfigError(
            f"Unable to parse host configuration file '{path}'.",
            where=Where(str(path), 1, 1),
            hint='The file must hold an object, at least {"version": "2.0"}.',
        )
    values, overrides = with_overrides(raw, environ)
    return _read(Section(values, (), Source(str(path), content, overrides)))


def _read(root: Section) -> HostConfig:
    _check_version(root)
    general = read_options(HostConfig, root)
    extension = root.section("extensions", "http")
    http = read_options(HttpOptions, extension)
    return replace(
        general,
        file=root.source.file,
        function_timeout=_timeout(root),
        functions=_allow_list(root),
        watch_directories=_unique(WATCHED_DIRECTORIES + general.watch_directories),
        watch_files=_unique(WATCHED_FILES + general.watch_files),
        retry=read_retry(root.section("retry")),
        extension_bundle=_bundle(root),
        http=replace(http, hsts=read_options(HstsOptions, extension.section("hsts"))),
        singleton=read_options(SingletonOptions, root.section("singleton")),
        health_monitor=read_options(HealthMonitorOptions, root.section("healthMonitor")),
        aggregator=read_options(AggregatorOptions, root.section("aggregator")),
        concurrency=read_options(ConcurrencyOptions, root.section("concurrency")),
        logging=_logging(root.section("logging")),
        root=root,
    )


def _check_version(root: Section) -> None:
    version = root.get("version")
    if version is None:
        raise root.error(
            "version",
            "The host.json file is missing the required 'version' property.",
            'Add "version": "2.0".',
        )
    if str(version) != "2.0":
        raise root.error(
            "version",
            f"'{version}' is an invalid value for host.json 'version' property. "
            "We recommend you set the 'version' property to '2.0'.",
        )


def _timeout(root: Section) -> float | None:
    raw = root.get("functionTimeout")
    if raw is None:
        return DEFAULT_TIMEOUT
    if str(raw).strip() in _UNLIMITED:
        return None
    try:
        value = parse_timespan(str(raw))
    except ExpressionError as error:
        raise root.error(
            "functionTimeout", f"'functionTimeout': {error.message}", error.hint
        ) from None
    if value < 1:
        raise root.error(
            "functionTimeout",
            "FunctionTimeout must be greater than 00:00:01 and less than 10675199.02:48:05.",
            "Write -1 for no timeout.",
        )
    return value


def _allow_list(root: Section) -> tuple[str, ...] | None:
    raw = root.get("functions")
    if raw is None or raw == []:
        return None
    if not isinstance(raw, list) or not all(isinstance(name, str) for name in raw):
        raise root.error("functions", "'functions' must be a list of function names.")
    return tuple(raw)


def _bundle(root: Section) -> ExtensionBundle | None:
    section = root.section("extensionBundle")
    if not section:
        return None
    for name in ("id", "version"):
        if not isinstance(section.get(name), str) or not section[name]:
            raise section.error(name, f"'extensionBundle' needs '{name}', a text.")
    return ExtensionBundle(section["id"], section["version"])


def _logging(section: Section) -> LoggingOptions:
    levels = read_levels(section.section("logLevel"))
    console = section.section("console")
    insights = section.section("applicationInsights")
    return replace(
        read_options(LoggingOptions, section),
        levels=levels,
        console_enabled=read_options(_Console, console).is_enabled,
        console_levels=read_levels(console.section("logLevel")).over(levels),
        application_insights_levels=read_levels(insights.section("logLevel")).over(levels),
        application_insights=insights,
        open_telemetry=section.section("openTelemetry"),
    )


@dataclass(frozen=True)
class _Console(Options):
    is_enabled: bool | None = flag(None)


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
