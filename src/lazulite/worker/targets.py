"""The HTTP functions of an app as the front sees them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lazulite.model import FunctionSpec
from lazulite.web.keys import AuthLevel
from lazulite.web.routes import RouteTable
from lazulite.web.template import join_route
from lazulite.worker.apps import AsgiApp, WsgiApp, app_of
from lazulite.worker.bound import Bound
from lazulite.worker.call import Call
from lazulite.worker.context import Context

_EXTENSION = "azurefunctions.extensions.base"


@dataclass(frozen=True)
class Target:
    """quick: its only bindings are the request and the answer, nothing wraps it, so the front
    may call it without further ado. app: the web application behind it, streams: the class of its
    streaming request, None where there is no such thing. host_inputs, host_outputs: whether the
    host has a part."""

    name: str
    spec: FunctionSpec
    bound: Bound | None
    level: AuthLevel
    request: str
    quick: bool
    is_async: bool
    wants_context: bool
    host_inputs: bool
    host_outputs: bool
    error: str | None
    app: AsgiApp | WsgiApp | None = None
    streams: Any = None

    def context(self, call: Call, scope: Any) -> Context:
        """The `context` of a call for a request."""
        assert self.bound is not None
        call.trace(scope.headers)
        return self.bound.context(call)


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
        and spec.concurrency is None
        and not bound.outs
        and bound.signature.returns is not None
    )
    app, streams = None, None
    if bound is not None and not spec.error:
        if not host and bound.hooks is None and spec.retry is None:
            app = app_of(bound.call, spec.name)
        if app is None and bound.trigger is not None:
            streams = request_class(bound.trigger.pytype)
    return Target(
        name=spec.name,
        spec=spec,
        bound=bound,
        level=_level(trigger.get("authLevel")),
        request=bound.trigger.name if bound is not None and bound.trigger is not None else "",
        quick=quick and app is None and streams is None,
        is_async=bound is not None and bound.is_async,
        wants_context=bound is not None and bound.signature.wants_context,
        host_inputs=any(b.direction == "in" for b in host),
        host_outputs=any(b.direction == "out" for b in host),
        error=spec.error,
        app=app,
        streams=streams,
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


def request_class(annotation: Any) -> Any:
    """The class of the request to make for a trigger parameter, None where it is an ordinary one.

    Without an annotation, the extension decides by having been imported at all.
    """
    base = sys.modules.get(_EXTENSION)
    meta = getattr(base, "RequestTrackerMeta", None)
    if meta is None or meta.get_request_type() is None:
        return None
    if annotation is None:
        return meta.get_request_type()
    return annotation if meta.check_type(annotation) else None
