"""Run by `func doctor` in the app's own interpreter: import the functions, say what came of it.

    python probe.py '{"package": ".../lazulite", "root": "/app", "search": [...], "result": FILE,
                      "script": "function_app.py" or null, "functions": [...]}'

The answer goes into the file, because user code may print. `lazulite` is not installed there: its
worker side is exposed from where it is.
"""

import json
import os
import sys
from typing import Any


def installed() -> "dict[str, str]":
    """The packages that the app can import, by normalised name, with their versions."""
    import re
    from importlib.metadata import distributions

    found: dict[str, str] = {}
    for distribution in distributions():
        name = distribution.metadata["Name"]
        if name:
            found.setdefault(re.sub(r"[-_.]+", "-", name).lower(), distribution.version)
    return found


def problem(loaded: Any) -> "dict[str, Any]":
    return {"message": loaded.message, "file": loaded.file, "line": loaded.line}


def signature(name: str, call: Any, bindings: Any) -> "str | None":
    """What does not fit between a function's parameters and its bindings."""
    from lazulite.worker.signature import SignatureError, check

    try:
        check(name, call, tuple(bindings))
    except SignatureError as error:
        return str(error)
    return None


def load(options: "dict[str, Any]") -> "dict[str, Any]":
    """The functions of the v2 module, or of the folders where it has none."""
    from lazulite.model import binding_spec, spec_from_wire
    from lazulite.worker.loading import expose_app, load_v1, load_v2, problem_of

    root = options["root"]
    answer: dict[str, Any] = {"v2": [], "v1": [], "problem": None}
    if options["script"]:
        try:
            functions = load_v2(root, options["script"])
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            return {**answer, "problem": problem(problem_of(error, root))}
        for one in functions:
            raw = one.raw or {"bindings": [], "retry": None}
            row = {"name": one.name, **raw, "problem": one.problem and problem(one.problem)}
            if one.problem is None:
                bindings = [binding_spec(json.loads(text)) for text in raw["bindings"]]
                row["signature"] = signature(one.name, one.call, bindings)
            answer["v2"].append(row)
        if functions:
            return answer
    expose_app(root)
    for wired in options["functions"]:
        spec = spec_from_wire(wired)
        one = load_v1(spec, root)
        row = {"name": one.name, "problem": one.problem and problem(one.problem)}
        if one.problem is None:
            row["signature"] = signature(one.name, one.call, spec.bindings)
        answer["v1"].append(row)
    return answer


def main() -> None:
    options = json.loads(sys.argv[1])
    sys.path[:1] = []
    sys.path += [place for place in (*options["search"], options["root"]) if place not in sys.path]
    sys.path.insert(0, os.path.join(options["package"], "worker"))
    from bootstrap import expose_package  # type: ignore[import-not-found]

    del sys.path[0]
    expose_package("lazulite", options["package"])
    sys.argv = [options["root"]]
    answer: dict[str, Any] = {"installed": installed()}
    try:
        import azure.functions  # noqa: F401
    except Exception as error:
        answer["library"] = f"{type(error).__name__}: {error}"
    else:
        answer.update(load(options))
    with open(options["result"], "w", encoding="utf-8") as file:
        json.dump(answer, file)


if __name__ == "__main__":
    main()
