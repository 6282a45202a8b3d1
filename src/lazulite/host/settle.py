"""The two messages that make a worker serve: `load` and `serve`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lazulite.config.app import AppConfig
from lazulite.config.limits import WorkerLimits, worker_limits
from lazulite.expr.timespan import format_timespan
from lazulite.host.index import Index
from lazulite.host.options import StartOptions
from lazulite.host.spawning import search_path
from lazulite.model import spec_to_wire
from lazulite.telemetry.console import Filter
from lazulite.web.keys import KeyTable

DEFAULT_BODY_LIMIT = 104_857_600
NEVER = 365 * 86400.0  # seconds
DEBUG_GRACE = 1.0  # seconds


def load_message(config: AppConfig, environ: Mapping[str, str], levels: Filter) -> dict[str, Any]:
    """What a worker needs to import the app. `log_level`: Python's number of the least severe
    records that are wanted."""
    return {
        "environ": dict(environ),
        "root": config.root,
        "search": search_path(config.root),
        "script": config.script_name,
        "folders": [spec_to_wire(spec) for spec in config.functions],
        "log_level": levels.least_severe,
    }


def serve_message(
    config: AppConfig,
    options: StartOptions,
    index: Index,
    keys: KeyTable | None,
    spool: str,
    tls: Mapping[str, str] | None,
) -> dict[str, Any]:
    """What a worker needs to open its doors."""
    settings = config.settings
    return {
        "functions": [spec_to_wire(spec) for spec in index.functions.values()],
        "routed": routed(index),
        "prefix": config.host.http.route_prefix,
        "policy": policy_message(config, options, keys),
        "body_limit": _positive(settings.get("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"))
        or DEFAULT_BODY_LIMIT,
        "threads": _positive(settings.get("PYTHON_THREADPOOL_THREAD_COUNT")),
        "spool": spool,
        "development": settings.get("AZURE_FUNCTIONS_ENVIRONMENT") == "Development",
        "server": server_message(config, options, tls),
        "limits": limits_message(config, options),
    }


def server_message(
    config: AppConfig, options: StartOptions, tls: Mapping[str, str] | None
) -> dict[str, Any]:
    """How the HTTP server serves."""
    limits = limits_of(config, options)
    return {
        "tls": dict(tls) if tls else None,
        "header_size": limits.header_size,
        "header_timeout_ms": round(limits.header_timeout * 1000),
    }


def limits_of(config: AppConfig, options: StartOptions) -> WorkerLimits:
    """The app's limits. A worker that a debugger has stopped is not taken for hanging, and nobody
    waits for it long at the end."""
    limits = worker_limits(config.settings)
    if not options.debug:
        return limits
    return replace(limits, hang=NEVER, grace=min(limits.grace, DEBUG_GRACE))


def timeout_of(config: AppConfig, options: StartOptions) -> float | None:
    """Seconds that an invocation may take; None for no limit, as where a debugger may stop it."""
    return None if options.debug else config.host.function_timeout


def limits_message(config: AppConfig, options: StartOptions) -> dict[str, Any]:
    """What ends invocations and workers."""
    limits = limits_of(config, options)
    timeout = timeout_of(config, options)
    return {
        "timeout": timeout,
        "timeout_shown": format_timespan(timeout) if timeout is not None else "",
        "max_invocations": limits.max_invocations,
        "max_memory": limits.max_memory,
        "hang": limits.hang,
    }


def routed(index: Index) -> list[str]:
    """The HTTP functions that have a route: one whose route itself is wrong has none."""
    return [
        spec.name
        for spec in index.functions.values()
        if spec.is_http and not (spec.error and "route" in spec.error.lower())
    ]


def policy_message(
    config: AppConfig, options: StartOptions, keys: KeyTable | None
) -> dict[str, Any]:
    """What stands before and after every function."""
    http = config.host.http
    local = config.local.host
    cors = options.cors if options.cors is not None else local.origins
    credentials = options.cors_credentials
    if credentials is None:
        credentials = bool(local.cors_credentials)
    hsts = http.hsts
    return {
        "cors": list(cors),
        "cors_credentials": credentials,
        "keys": keys.to_json() if keys is not None else None,
        "custom_headers": dict(http.custom_headers),
        "hsts": {
            "maxAge": hsts.max_age,
            "includeSubDomains": hsts.include_sub_domains,
            "preload": hsts.preload,
            "excludedHosts": list(hsts.excluded_hosts),
        }
        if hsts.is_enabled
        else None,
        "max_outstanding": _share(http.max_outstanding_requests, config),
        "max_concurrent": _share(http.max_concurrent_requests, config),
        "dynamic": http.dynamic_throttles_enabled,
    }


def _share(limit: int, config: AppConfig) -> int:
    """One worker's part of a limit of the app: connections are spread evenly over them."""
    return -(-limit // worker_limits(config.settings).minimum) if limit > 0 else limit


def _positive(text: str | None) -> int | None:
    """A positive whole number, or None for nothing or anything else."""
    try:
        number = int(text) if text else 0
    except ValueError:
        return None
    return number if number > 0 else None
