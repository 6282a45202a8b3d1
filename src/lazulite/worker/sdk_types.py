"""SDK-type bindings: parameters that an extension package (azurefunctions-extensions-bindings-*)
fills with a client of its own. The packages are the app's; nothing is imported here before it."""

from __future__ import annotations

import json
import sys
import typing
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

BASE = "azurefunctions.extensions.base"


def extension_converter(binding_type: str, pytype: Any) -> Any:
    """The extension's converter for a parameter annotated with `pytype`; None where the annotation
    is no SDK type or no extension serves the binding."""
    base = sys.modules.get(BASE)
    if base is None or pytype is None:
        return None
    registry = base.get_binding_registry()
    if not registry.check_supported_type(pytype):
        return None
    found = registry.get(binding_type)
    if found is None:
        lower = {name.lower(): converter for name, converter in registry._bindings.items()}
        found = lower.get(binding_type.lower())
    return found


def decode_reference(
    converter: Any, kind: str, value: Any, pytype: Any, metadata: Mapping[str, Any] | None
) -> Any:
    """The client that the extension makes of the host's reference.

    value: a mapping (or several) with version, source, content_type and content.
    """
    base = sys.modules[BASE]
    content: Any = (
        [SimpleNamespace(**one) for one in value]
        if isinstance(value, Sequence)
        else SimpleNamespace(**value)
    )
    return converter.decode(base.Datum(content, kind), trigger_metadata=metadata, pytype=pytype)


def mark_deferred(raw_bindings: Sequence[str], call: Callable[..., Any]) -> list[str]:
    """The bindings as declared, those of SDK-type parameters marked for the host to send a
    reference in place of the content."""
    if BASE not in sys.modules:
        return list(raw_bindings)
    try:
        hints = typing.get_type_hints(call)
    except Exception:  # the signature's check says what is wrong with it
        return list(raw_bindings)
    return [_marked(raw, hints) for raw in raw_bindings]


def _marked(raw: str, hints: Mapping[str, Any]) -> str:
    binding = json.loads(raw)
    is_input = str(binding.get("direction", "in")).lower() == "in"
    converter = extension_converter(str(binding.get("type")), hints.get(str(binding.get("name"))))
    if not is_input or converter is None:
        return raw
    binding["properties"] = {"SupportsDeferredBinding": True}
    return json.dumps(binding)
