"""What `func start` prints when the app is up: the functions and their addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lazulite import __version__
from lazulite.model import FunctionSpec


def banner() -> str:
    """The first lines."""
    return f"\nLazulite, the Azure Functions runtime\nVersion: {__version__}\n"


def function_list(specs: Iterable[FunctionSpec], base: str, prefix: str) -> Iterator[str]:
    """The original's list: HTTP functions first, with methods and URL; those in error at last."""
    enabled = [spec for spec in specs if not spec.disabled]
    good = [spec for spec in enabled if not spec.error]
    if good:
        yield "\nFunctions:\n"
    for spec in sorted(good, key=lambda s: not s.is_http):
        trigger = spec.trigger
        assert trigger is not None
        if spec.is_http:
            methods = trigger.get("methods") or ()
            methods = [methods] if isinstance(methods, str) else methods
            shown = f"[{','.join(m.upper() for m in methods)}]" if methods else ""
            yield f"\t{spec.name}: {shown} {base}/{_path(spec, prefix)}\n"
        else:
            yield f"\t{spec.name}: {trigger.type}\n"
    for spec in specs:
        if spec.disabled:
            yield f"Function {spec.name} is disabled.\n"


def routes(specs: Iterable[FunctionSpec], prefix: str) -> str:
    """The original's record of the routes, in order of precedence."""
    lines = []
    for spec in specs:
        if spec.is_http:
            assert spec.trigger is not None
            methods = spec.trigger.get("methods") or ()
            methods = [methods] if isinstance(methods, str) else methods
            shown = ",".join(method.lower() for method in methods) or "all"
            route = _path(spec, prefix)
            lines.append(f"Mapped function route '{route}' [{shown}] to '{spec.name}'")
    return "\n".join(["Initializing function HTTP routes", *(lines or ["No HTTP routes mapped"])])


def _path(spec: FunctionSpec, prefix: str) -> str:
    assert spec.trigger is not None
    route = str(spec.trigger.get("route") or spec.name).strip("/")
    prefix = prefix.strip("/")
    return f"{prefix}/{route}" if prefix else route
