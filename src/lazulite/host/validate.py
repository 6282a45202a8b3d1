"""Each function's bindings checked by the kinds that will serve them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

from lazulite.bindings import SERVED_BY_WORKER, Bindings
from lazulite.config.functions import FILE_NAME
from lazulite.config.jsonc import locate, read_text
from lazulite.errors import LazuliteError, Where
from lazulite.host.index import Index
from lazulite.model import BindingSpec, FunctionSpec


def check_bindings(index: Index, bindings: Bindings) -> Index:
    """The index with an error on each function whose bindings cannot serve."""
    checked = {name: _checked(spec, bindings) for name, spec in index.functions.items()}
    return replace(index, functions=checked)


def _checked(spec: FunctionSpec, bindings: Bindings) -> FunctionSpec:
    if spec.error or spec.disabled:
        return spec
    problems = list(_problems(spec, bindings))
    return replace(spec, error="\n".join(problems)) if problems else spec


def _problems(spec: FunctionSpec, bindings: Bindings) -> Iterator[str]:
    for number, binding in enumerate(spec.bindings):
        if binding.kind in SERVED_BY_WORKER:
            continue
        try:
            if binding.is_trigger:
                bindings.trigger(binding.kind).validate(spec, binding)
            else:
                bindings.io(binding.kind).validate(spec, binding)
        except LazuliteError as error:
            yield _told(error, spec, binding, number)
        except KeyError:
            yield str(
                LazuliteError(
                    f"The binding type '{binding.type}' cannot be used as "
                    f"{'a trigger' if binding.is_trigger else 'an input or output'}.",
                    where=_where(spec, binding, number),
                )
            )


def _told(error: LazuliteError, spec: FunctionSpec, binding: BindingSpec, number: int) -> str:
    where = error.where
    if where is None or where.file is None:
        where = _where(spec, binding, number)
    return str(type(error)(error.message, where=where, hint=error.hint))


def _where(spec: FunctionSpec, binding: BindingSpec, number: int) -> Where:
    """Where the binding is declared: its line of function.json, or the script of a v2 app."""
    place = Where(spec.script_file, function=spec.name, binding=binding.name)
    if spec.model != "v1":
        return place
    file = os.path.join(spec.directory, FILE_NAME)
    try:
        line, column = locate(read_text(file), "bindings", number)
    except (LazuliteError, OSError):
        return replace(place, file=file)
    return replace(place, file=file, line=line, column=column)
