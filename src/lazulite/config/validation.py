"""What every function must satisfy, whichever model declared it."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass

from lazulite.config.jsonc import Step
from lazulite.model import BindingSpec, FunctionSpec

_FUNCTION_NAME = re.compile(r"[a-z][a-z0-9_-]{0,127}", re.I | re.A)
# The original refuses underscores, which Python names have.
_BINDING_NAME = re.compile(r"[a-z_][a-z0-9_]{0,127}|\$return", re.I | re.A)
_DIRECTIONS = ("in", "out", "inout")
_DATA_TYPES = ("undefined", "string", "binary", "stream")
# member, the original's name for its type, values
_ENUMS = (
    ("cardinality", "Cardinality", ("one", "many")),
    ("authLevel", "AuthorizationLevel", ("anonymous", "user", "function", "system", "admin")),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a function; `path` leads to it in function.json."""

    message: str
    path: tuple[Step, ...] = ()
    binding: str | None = None
    hint: str | None = None


def is_function_name(name: str) -> bool:
    """Whether a function may be called so."""
    return bool(_FUNCTION_NAME.fullmatch(name)) and name.lower() != "host"


def validate(spec: FunctionSpec, kinds: Container[str] | None = None) -> list[Problem]:
    """What is wrong with a function, in the order of its bindings; empty when it is fine.

    kinds: the binding kinds (lower case) that the host has; None to accept any.
    """
    problems = []
    if not is_function_name(spec.name):
        problems.append(
            Problem(
                f"'{spec.name}' is not a valid function name.",
                hint="A name begins with a letter, goes on with letters, digits, '-' and '_', "
                "has at most 128 of them, and is not 'host'.",
            )
        )
    if not spec.bindings:
        problems.append(Problem("At least one binding must be declared.", ("bindings",)))
        return problems
    seen: set[str] = set()
    for index, binding in enumerate(spec.bindings):
        problems += _binding_problems(binding, index, kinds)
        if binding.name and binding.name.lower() in seen:
            message = (
                f"Multiple bindings with name '{binding.name}' discovered. "
                "Binding names must be unique."
            )
            problems.append(Problem(message, ("bindings", index, "name"), binding.name))
        seen.add(binding.name.lower())
    return problems + list(_trigger_problems(spec))


def _trigger_problems(spec: FunctionSpec) -> Iterator[Problem]:
    triggers = [index for index, binding in enumerate(spec.bindings) if binding.is_trigger]
    if not triggers:
        yield Problem(
            "No trigger binding specified. A function must have a trigger input binding.",
            ("bindings",),
            hint="Add a binding whose type ends in 'Trigger', such as httpTrigger.",
        )
    elif len(triggers) > 1:
        yield Problem(
            "Multiple trigger bindings defined. A function can only have a single trigger binding.",
            ("bindings", triggers[1]),
        )


def _binding_problems(
    binding: BindingSpec, index: int, kinds: Container[str] | None
) -> Iterator[Problem]:
    def problem(member: str, message: str, hint: str | None = None) -> Problem:
        return Problem(message, ("bindings", index, member), binding.name or None, hint)

    if not _BINDING_NAME.fullmatch(binding.name):
        yield problem(
            "name",
            f"The binding name {binding.name} is invalid. "
            "Please assign a valid name to the binding.",
            "It must be the name of the function's parameter, or $return.",
        )
    if binding.direction not in _DIRECTIONS:
        yield problem(
            "direction",
            f"'{binding.direction}' is not a valid binding direction.",
            "Use in, out or inout.",
        )
    elif binding.name.lower() == "$return" and binding.direction != "out":
        yield problem("direction", "$return bindings must specify a direction of 'out'.")
    elif binding.kind == "http" and binding.direction != "out":
        yield problem("direction", "Http binding can only be used for output.")
    if not binding.type:
        message = f"Binding '{binding.name}' is invalid. Bindings must specify a Type."
        yield problem("type", message)
    elif kinds is not None and binding.kind not in kinds:
        yield problem(
            "type",
            f"The binding type(s) '{binding.type}' are not registered. "
            "Please ensure the type is correct and the binding extension is installed.",
            _resembling(binding.kind, kinds),
        )
    if binding.data_type is not None and binding.data_type not in _DATA_TYPES:
        yield problem("dataType", _enum_message("dataType", "DataType"), _one_of(_DATA_TYPES[1:]))
    for member, type_name, values in _ENUMS:
        value = binding.get(member)
        if value is not None and str(value).lower() not in values:
            yield problem(member, _enum_message(member, type_name), _one_of(values))


def _enum_message(member: str, type_name: str) -> str:
    return (
        "Error parsing function.json: Invalid value specified for binding property "
        f"'{member}' of enum type {type_name}."
    )


def _resembling(kind: str, kinds: Container[str]) -> str | None:
    """Which kind was meant, when one has a name like this."""
    from difflib import get_close_matches

    known = list(kinds) if isinstance(kinds, Iterable) else []
    found = get_close_matches(kind, known, 1, 0.8)
    return f"Did you mean {found[0].replace('trigger', 'Trigger')}?" if found else None


def _one_of(values: tuple[str, ...]) -> str:
    return f"Use one of {', '.join(values)}."
