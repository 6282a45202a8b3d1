"""The HTTP functions of an app as the front sees them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lazulite.model import FunctionSpec
from lazulite.web.keys import AuthLevel
from lazulite.web.routes import RouteTable, join_route
from lazulite.worker.bound import Bound


@dataclass(frozen=True)
class Target:
    """quick: its only bindings are the request and the answer, nothing wraps it, so the front
    may call it without further ado. host_inputs, host_outputs: whether the host has a part."""

    name: str
    spec: FunctionSpec
    bound: Bound | None
    level: AuthLevel
    request: str
    quick: bool
    host_inputs: bool
    host_outputs: bool
    error: str | None


def target_of(spec: FunctionSpec, bound: Bound | None) -> Target:
    """The target of an HTTP function; `bound` is None where it could not be loaded."""
    trigger = spec.trigger
    assert trigger is not None
    host = spec.host_bindings
    quick = (
        bound is not None
        and not spec.error
        and not spec.disabled
        and not host
        and bound.hooks is None
        and spec.retry is None
        and not bound.outs
        and not bound.signature.wants_context
        and bound.signature.returns is not None
    )
    return Target(
        name=spec.name,
        spec=spec,
        bound=bound,
        level=_level(trigger.get("authLevel")),
        request=bound.trigger.name if bound is not None and bound.trigger is not None else "",
        quick=quick,
        host_inputs=any(b.direction == "in" for b in host),
        host_outputs=any(b.direction == "out" for b in host),
        error=spec.error,
    )


def _level(text: object) -> AuthLevel:
    try:
        return AuthLevel.parse(str(text) if text is not None else None)
    except ValueError:
        return AuthLevel.ADMIN  # the host has put the function in error; nothing opens it


def route_of(spec: FunctionSpec, prefix: str) -> tuple[str, str, Iterable[str] | None]:
    """(name, full template, methods) of an HTTP function: its route, or else its name, below the
    prefix. No `methods` = every method, an empty list = none."""
    trigger = spec.trigger
    assert trigger is not None
    route = trigger.get("route") or spec.name
    methods = trigger.get("methods")
    if isinstance(methods, str):
        methods = [methods]
    # a leading slash would make an empty segment, which no request can have
    return spec.name, join_route(prefix.strip("/"), str(route).lstrip("/")), methods


def table_of(targets: Mapping[str, Target], prefix: str) -> tuple[RouteTable, tuple[Target, ...]]:
    """The routes in the order of function names, and the target of each `Match.order`."""
    ordered = tuple(sorted(targets.values(), key=lambda target: target.name.lower()))
    return RouteTable(route_of(target.spec, prefix) for target in ordered), ordered
