"""The host's final word on functions, from what a worker reports."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from lazulite.config.app import AppConfig, Launch, load_app
from lazulite.errors import WorkerError
from lazulite.host.index import Index, build

KINDS = frozenset(("httptrigger", "http", "timertrigger"))
HTTP = {"type": "httpTrigger", "name": "req", "direction": "IN"}
ANSWER = {"type": "http", "name": "$return", "direction": "OUT"}


def configuration(root: Path, functions: tuple[str, ...] = ()) -> AppConfig:
    (root / "host.json").write_text('{"version": "2.0"}')
    (root / "function_app.py").write_text("")
    return load_app(root, dict(os.environ), Launch(functions=functions), kinds=KINDS)


def found(name: str, problem: str = "", **trigger: Any) -> dict[str, Any]:
    """A decorated function as a worker reports it."""
    bindings = [json.dumps({**HTTP, **trigger}), json.dumps(ANSWER)]
    return {
        "name": name,
        "raw": {"bindings": bindings, "retry": None},
        "problem": problem
        and {"message": problem, "stack": f"stack of {name}", "file": "/f.py", "line": 3},
    }


def index_of(root: Path, *functions: dict[str, Any], only: tuple[str, ...] = ()) -> Index:
    report = {"model": "v2", "problem": None, "functions": list(functions)}
    return build(configuration(root, only), report, KINDS)


def errors(index: Index) -> dict[str, str | None]:
    return {name: spec.error for name, spec in index.functions.items()}


def test_functions_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    index = index_of(tmp_path, found("b"), found("C"), found("a"))
    assert list(index.functions) == ["a", "b", "C"]
    assert index.model == "v2"


def test_a_problem_is_told_with_its_place(tmp_path: Path) -> None:
    index = index_of(tmp_path, found("good"), found("bad", "no luck"))
    assert errors(index) == {"good": None, "bad": "/f.py:3: no luck"}
    assert index.stacks == {"bad": "stack of bad"}


def test_routes_that_cannot_be(tmp_path: Path) -> None:
    index = index_of(
        tmp_path,
        found("a", route="same/{id}", methods=["GET"]),
        found("b", route="same/{id}", methods=["POST"]),
        found("c", route="SAME/{id}", methods=["GET", "PUT"]),
        found("d", route="broken/{"),
        found("e", authLevel="NOBODY"),
    )
    told = errors(index)
    assert told["a"] is None
    assert told["b"] is None
    assert told["c"] == "The route specified conflicts with the route defined by function 'a'."
    assert "function 'd'" in str(told["d"])
    assert told["e"]


def test_names_that_are_taken(tmp_path: Path) -> None:
    index = index_of(tmp_path, found("same", "declared twice"), found("same"), found("Same"))
    assert errors(index)["same"] == "/f.py:3: declared twice"
    assert "conflicts with the function 'same'" in str(errors(index)["Same"])


def test_only_the_functions_that_are_asked_for(tmp_path: Path) -> None:
    index = index_of(tmp_path, found("one"), found("two"), only=("TWO",))
    assert list(index.functions) == ["two"]


def test_unknown_bindings_and_folders_beside_a_script(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "function.json").write_text("{}")
    index = index_of(tmp_path, found("odd", type="teleportTrigger"), found("good"))
    assert "The binding type(s) 'teleportTrigger' are not registered." in str(errors(index)["odd"])
    assert errors(index)["good"] is None
    assert index.passed_over == ("old",)


def test_without_the_library_no_function_can_run(tmp_path: Path) -> None:
    report = {"missing": "No module named 'azure'", "python": "/p"}
    with pytest.raises(WorkerError) as caught:
        build(configuration(tmp_path), report, KINDS)
    assert "/p -m pip install -r" in str(caught.value)


def test_a_script_that_cannot_be_loaded(tmp_path: Path) -> None:
    problem = {"message": "no luck", "stack": "trace", "file": "/f.py", "line": 2}
    report = {"model": "v2", "problem": problem, "functions": []}
    index = build(configuration(tmp_path), report, KINDS)
    assert (index.problem, index.problem_stack, dict(index.functions)) == (
        "/f.py:2: no luck",
        "trace",
        {},
    )
