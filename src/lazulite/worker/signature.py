"""Does a function's Python signature fit its bindings? The rules and messages are the original
worker's, so that its users find what they search for."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from azure.functions import get_binding_registry

from lazulite.model import BindingSpec

GENERIC_IN = (str, bytes)
GENERIC_OUT = (str, bytes, bytearray)


class SignatureError(Exception):
    """The message says what does not fit."""


@dataclass(frozen=True)
class Parameter:
    """A parameter fed by a binding; `pytype` is its annotation, or Out's argument, or None."""

    name: str
    binding: BindingSpec
    pytype: Any
    is_out: bool


@dataclass(frozen=True)
class Signature:
    """How to call a function. `returns` is the `$return` binding, `implicit` the binding that a
    returned value belongs to without one (None where neither is)."""

    parameters: tuple[Parameter, ...]
    wants_context: bool
    is_async: bool
    returns: BindingSpec | None
    return_type: Any
    implicit_return: bool


def converter_for(binding: BindingSpec, pytype: Any) -> Any:
    """azure.functions' converter class of a binding; None stands for the generic one."""
    if pytype in GENERIC_IN and binding.kind not in ("http", "httptrigger"):
        return None
    registry: Any = get_binding_registry()  # type: ignore[no-untyped-call]
    found = registry.get(binding.type)
    if found is not None:
        return found
    known = {
        name.lower(): converter
        for name, converter in registry._bindings.items()
        if isinstance(name, str)
    }
    return known.get(binding.kind)


def check(name: str, call: Callable[..., Any], bindings: tuple[BindingSpec, ...]) -> Signature:
    """The signature of `call` for `bindings`. Raises SignatureError."""
    declared: Mapping[str, inspect.Parameter] = inspect.signature(call).parameters
    by_name = {b.name: b for b in bindings if b.name != "$return"}
    returns = next((b for b in bindings if b.name == "$return"), None)
    wants_context = "context" in declared and "context" not in by_name
    hints = _hints(name, call)

    names = [p for p in declared if not (p == "context" and wants_context)]
    if wants_context:
        _check_context(name, hints.get("context"))
    for binding in bindings:
        if binding.direction == "inout":
            raise SignatureError(
                f'cannot load the {name} function: "inout" bindings are not supported'
            )
    if returns is not None and returns.direction != "out":
        raise SignatureError(
            f'cannot load the {name} function: "$return" binding must have direction set to "out"'
        )
    if set(names) - set(by_name):
        raise SignatureError(
            f"cannot load the {name} function: the following parameters are declared in Python "
            f"but not in function.json: {set(names) - set(by_name)!r}"
        )
    if set(by_name) - set(names):
        raise SignatureError(
            f"cannot load the {name} function: the following parameters are declared in "
            f"function.json but not in Python: {set(by_name) - set(names)!r}"
        )
    parameters = tuple(_parameter(name, p, by_name[p], hints.get(p)) for p in names)
    return Signature(
        parameters=parameters,
        wants_context=wants_context,
        is_async=inspect.iscoroutinefunction(call),
        returns=returns,
        return_type=_return_type(name, returns, hints.get("return")),
        implicit_return=any(_implicit(b) for b in bindings),
    )


def _hints(name: str, call: Callable[..., Any]) -> Mapping[str, Any]:
    annotated = getattr(call, "__annotations__", None)
    if not annotated:
        return {}
    try:
        return typing.get_type_hints(call)
    except Exception as error:
        raise SignatureError(
            f"cannot load the {name} function: an annotation cannot be resolved: "
            f"{type(error).__name__}: {error}"
        ) from error


def _check_context(name: str, annotation: Any) -> None:
    if annotation is None:
        return
    if not isinstance(annotation, type) or annotation.__name__ != "Context":
        shown = annotation if not isinstance(annotation, type) else annotation.__name__
        raise SignatureError(
            f'cannot load the {name} function: the "context" parameter is expected to be of type '
            f"azure.functions.Context, got {shown!r}"
        )


def _is_out(annotation: Any) -> bool:
    origin = typing.get_origin(annotation)
    named = getattr(origin if origin is not None else annotation, "__name__", "")
    return named == "Out"


def _parameter(name: str, param: str, binding: BindingSpec, annotation: Any) -> Parameter:
    prefix = f"cannot load the {name} function: "
    if annotation is None:
        return Parameter(param, binding, None, binding.direction == "out")
    is_out = _is_out(annotation)
    pytype = annotation
    if is_out:
        arguments = typing.get_args(annotation)
        if len(arguments) != 1:
            raise SignatureError(
                f"{prefix}binding {param} has invalid Out annotation {annotation!r}"
            )
        pytype = arguments[0]
    if binding.direction == "out" and not is_out:
        raise SignatureError(
            f'{prefix}binding {param} is declared to have the "out" direction, but its annotation '
            "in Python is not a subclass of azure.functions.Out"
        )
    if binding.direction == "in" and is_out:
        raise SignatureError(
            f'{prefix}binding {param} is declared to have the "in" direction in function.json, '
            "but its annotation is azure.functions.Out in Python"
        )
    _check_type(prefix, param, binding, pytype, is_out, annotation)
    return Parameter(param, binding, pytype, is_out)


def _check_type(
    prefix: str, param: str, binding: BindingSpec, pytype: Any, is_out: bool, annotation: Any
) -> None:
    converter = converter_for(binding, pytype)
    origin = typing.get_origin(pytype)
    if not isinstance(pytype, type) and origin is None:
        raise SignatureError(
            f"{prefix}binding {param} has invalid non-type annotation {annotation!r}"
        )
    if origin is typing.Union or (origin is not None and converter is None):
        raise SignatureError(
            f"{prefix}binding {param} has invalid non-type annotation {annotation!r}"
        )
    if _is_class(pytype) and is_sdk_type(pytype, "RequestTrackerMeta"):
        return
    if converter is None:
        fits = pytype in (GENERIC_OUT if is_out else GENERIC_IN)
    elif is_out:
        fits = _fits_out(converter, pytype)
    else:
        fits = _accepted(converter.check_input_type_annotation, pytype)
    if not fits:
        shown = pytype.__name__ if _is_class(pytype) else pytype
        raise SignatureError(
            f'{prefix}type of {param} binding in function.json "{binding.type}" does not match its '
            f'Python annotation "{shown}"'
        )


def _fits_out(converter: Any, pytype: Any) -> bool:
    """The converter's own check; iterables of what it takes too, which it can write as well."""
    check = converter.check_output_type_annotation
    if _accepted(check, pytype):
        return True
    origin = typing.get_origin(pytype)
    if not isinstance(origin, type) or not issubclass(origin, Iterable):
        return False
    return any(_accepted(check, item) for item in typing.get_args(pytype))


def _accepted(check: Callable[[Any], bool], pytype: Any) -> bool:
    try:
        return bool(check(pytype))
    except TypeError:  # Python 3.10 takes list[str] for a class
        return False


def _is_class(annotation: Any) -> bool:
    return isinstance(annotation, type) and typing.get_origin(annotation) is None


def is_sdk_type(pytype: type, tracker: str) -> bool:
    """Whether an extension package (azurefunctions-extensions-*) handles values of this type.
    tracker: the class of its base that knows the types of requests, or of answers."""
    import sys

    base = sys.modules.get("azurefunctions.extensions.base")
    if base is None:
        return False
    known = getattr(base, tracker, None)
    if known is not None and known.check_type(pytype):
        return True
    module = pytype.__module__
    return module.startswith(("azurefunctions.", "azure.storage.", "starlette."))


def _return_type(name: str, returns: BindingSpec | None, annotation: Any) -> Any:
    if annotation is None or returns is None:
        return None
    prefix = f"cannot load the {name} function: "
    if _is_out(annotation):
        raise SignatureError(f"{prefix}return annotation should not be azure.functions.Out")
    if annotation is type(None):
        return None
    if not _is_class(annotation):
        raise SignatureError(f"{prefix}has invalid non-type return annotation {annotation!r}")
    if is_sdk_type(annotation, "ResponseTrackerMeta"):
        return annotation
    converter = converter_for(returns, annotation)
    if converter is None:
        fits = annotation in GENERIC_OUT
    else:
        fits = converter.check_output_type_annotation(annotation)
    if not fits:
        raise SignatureError(
            f'{prefix}Python return annotation "{annotation.__name__}" does not match binding type '
            f'"{returns.type}"'
        )
    return annotation


def _implicit(binding: BindingSpec) -> bool:
    """Whether a function with this binding may return a value without `$return`."""
    if binding.kind in ("activitytrigger", "orchestrationtrigger", "entitytrigger"):
        return True
    return converter_for(binding, None) is None and binding.kind != "durableclient"
