"""The host's final word on each function: what the worker found, joined with configuration,
checked against bindings and routes."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lazulite.config.app import AppConfig
from lazulite.config.functions import decorated_function, mark_name_conflicts
from lazulite.errors import Where, WorkerError
from lazulite.model import FunctionSpec
from lazulite.web.keys import AuthLevel
from lazulite.web.routes import conflicting_route, is_reserved
from lazulite.web.template import RouteError, join_route, parse_template


@dataclass(frozen=True)
class Index:
    """All functions of the app, by name in the original's order; those in error carry it.

    problem: why the whole app could not be loaded, empty when it could; stacks: the user's
    traceback by function; passed_over: folders with function.json that a v2 app has beside it.
    """

    functions: Mapping[str, FunctionSpec]
    model: str
    problem: str = ""
    problem_stack: str = ""
    stacks: Mapping[str, str] = field(default_factory=dict)
    passed_over: tuple[str, ...] = ()


def build(config: AppConfig, report: Mapping[str, Any], kinds: Container[str]) -> Index:
    """The index of what a worker reported. Raises WorkerError when no function can run at all."""
    if report.get("missing"):
        python = report["python"]
        raise WorkerError(
            f"azure-functions is not installed for {python} ({report['missing']}).",
            hint=f"Install the app's requirements there: {python} -m pip install "
            "-r requirements.txt",
        )
    problem, problem_stack = _text(report["problem"]), _stack(report["problem"])
    if report["model"] == "v2":
        specs = [
            _decorated(config, found, kinds)
            for found in report["functions"]
            if config.host.allows(found["name"])
        ]
        specs = list(mark_name_conflicts(_distinct(specs)))
    else:
        found_by_name = {found["name"]: found for found in report["functions"]}
        specs = [_in_folder(spec, found_by_name) for spec in config.functions]
    specs.sort(key=lambda spec: spec.name.lower())
    specs = _check_routes(specs, config.host.http.route_prefix)
    limit_of = config.host.concurrency.limit_of
    specs = [replace(spec, concurrency=limit_of(spec.name)) for spec in specs]
    mixed = [spec.name for spec in config.functions] if report["model"] == "v2" else []
    stacks = {f["name"]: _stack(f["problem"]) for f in report["functions"] if f["problem"]}
    return Index(_by_name(specs), report["model"], problem, problem_stack, stacks, tuple(mixed))


def _by_name(specs: Iterable[FunctionSpec]) -> dict[str, FunctionSpec]:
    return {spec.name: spec for spec in specs}


def _distinct(specs: Iterable[FunctionSpec]) -> list[FunctionSpec]:
    """One spec per name: the first, or the one that is in error."""
    chosen: dict[str, FunctionSpec] = {}
    for spec in specs:
        if spec.name not in chosen or spec.error:
            chosen[spec.name] = spec
    return list(chosen.values())


def _decorated(config: AppConfig, found: Mapping[str, Any], kinds: Container[str]) -> FunctionSpec:
    spec = decorated_function(
        config.root,
        config.settings,
        name=found["name"],
        raw_bindings=found["raw"]["bindings"],
        script_file=config.script_name,
        retry=found["raw"]["retry"],
        default_retry=config.host.retry,
        kinds=kinds,
    )
    if found["problem"]:
        return replace(spec, error=_text(found["problem"]))
    return spec


def _in_folder(spec: FunctionSpec, found: Mapping[str, Mapping[str, Any]]) -> FunctionSpec:
    loaded = found.get(spec.name)
    if spec.error or loaded is None or not loaded["problem"]:
        return spec
    return replace(spec, error=_text(loaded["problem"]))


def _text(problem: Mapping[str, Any] | None) -> str:
    if problem is None:
        return ""
    where = Where(problem["file"] or None, problem["line"] or None)
    message: str = problem["message"]
    return f"{where}: {message}" if problem["file"] else message


def _stack(problem: Mapping[str, Any] | None) -> str:
    return problem["stack"] if problem else ""


def _check_routes(specs: list[FunctionSpec], prefix: str) -> list[FunctionSpec]:
    """Put functions in error whose route cannot be: malformed, reserved, or taken."""
    taken: list[tuple[str, str, Iterable[str] | None]] = []
    checked: list[FunctionSpec] = []
    for spec in specs:
        error = None
        if spec.is_http and not spec.error:
            error = _route_error(spec, prefix, taken)
        checked.append(replace(spec, error=error) if error else spec)
    return checked


def _route_error(
    spec: FunctionSpec, prefix: str, taken: list[tuple[str, str, Iterable[str] | None]]
) -> str | None:
    trigger = spec.trigger
    assert trigger is not None
    route = str(trigger.get("route") or spec.name).lstrip("/")
    methods = trigger.get("methods")
    methods = [methods] if isinstance(methods, str) else methods
    try:
        AuthLevel.parse(trigger.get("authLevel"))
        parse_template(join_route(prefix.strip("/"), route))
    except (RouteError, ValueError) as error:
        return f"{Where(spec.script_file, function=spec.name)}: {error}"
    if is_reserved(join_route(prefix.strip("/"), route)):
        return "The specified route conflicts with one or more built in routes."
    other = conflicting_route(route, methods, taken)
    if other is not None:
        return f"The route specified conflicts with the route defined by function '{other}'."
    taken.append((spec.name, route, methods))
    return None
