"""The app inside one worker: what was loaded, joined with what the host decided about it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from lazulite.model import FunctionSpec, spec_from_wire
from lazulite.worker import hooks
from lazulite.worker.bound import Bound
from lazulite.worker.loading import (
    Loaded,
    Problem,
    expose_app,
    load_v1,
    load_v2,
    problem_of,
)
from lazulite.worker.signature import SignatureError, check


class LoadedApp:
    """The functions that this worker imported. `model` tells which of the two it found."""

    def __init__(self, root: str, script: str, folders: Sequence[FunctionSpec]) -> None:
        self.root = root
        self.problem: Problem | None = None
        self.model = "v1"
        self.functions: list[Loaded] = []
        expose_app(root)
        if os.path.isfile(os.path.join(root, script)):
            self._load_v2(script)
        if self.model == "v1":
            self.functions = [load_v1(spec, root) for spec in folders if not spec.error]
        for loaded in self.functions:
            if loaded.call is not None:
                hooks.after_load(loaded.name, loaded.directory)

    def _load_v2(self, script: str) -> None:
        try:
            functions = list(load_v2(self.root, script))
        except BaseException as error:
            self.model = "v2"
            self.problem = problem_of(error, self.root, os.path.join(self.root, script))
            return
        if functions:  # a script that declares nothing leaves the app to its folders
            self.model = "v2"
            self.functions = functions

    def report(self) -> dict[str, Any]:
        """What the host needs to validate the functions and tell of their problems."""
        return {
            "model": self.model,
            "problem": _report_problem(self.problem),
            "functions": [
                {
                    "name": f.name,
                    "directory": f.directory,
                    "script_file": f.script_file,
                    "entry_point": f.entry_point,
                    "raw": f.raw,
                    "problem": _report_problem(f.problem or misfit(f)),
                }
                for f in self.functions
            ],
        }

    def bind(
        self, specs: Sequence[Mapping[str, Any]], spool: str
    ) -> tuple[dict[str, FunctionSpec], dict[str, Bound]]:
        """Join the host's final word on each function with its callable.

        Returns all specs by name, and the functions that can run.
        """
        by_name = {loaded.name: loaded for loaded in self.functions}
        final: dict[str, FunctionSpec] = {}
        bound: dict[str, Bound] = {}
        for raw in specs:
            spec = spec_from_wire(raw)
            loaded = by_name.get(spec.name)
            final[spec.name] = spec
            if spec.error or loaded is None or loaded.call is None:
                continue
            try:
                signature = check(spec.name, loaded.call, spec.bindings)
            except SignatureError as error:
                final[spec.name] = replace(spec, error=str(error))
                continue
            bound[spec.name] = Bound(spec, loaded.call, signature, hooks.hooks_of(spec.name), spool)
        return final, bound


def misfit(loaded: Loaded) -> Problem | None:
    """The problem of a function whose signature does not fit its bindings."""
    if loaded.call is None:
        return None
    try:
        check(loaded.name, loaded.call, loaded.bindings)
    except SignatureError as error:
        code = getattr(loaded.call, "__code__", None)
        return Problem(
            str(error),
            file=getattr(code, "co_filename", ""),
            line=getattr(code, "co_firstlineno", 0),
        )
    except (TypeError, ValueError) as error:  # no signature to be had: a builtin, say
        return Problem(f"cannot load the {loaded.name} function: {error}")
    return None


def _report_problem(problem: Problem | None) -> dict[str, Any] | None:
    if problem is None:
        return None
    return {
        "message": problem.message,
        "stack": problem.stack,
        "file": problem.file,
        "line": problem.line,
    }
