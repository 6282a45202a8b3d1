"""Who may import whom. The layout is the architecture; this keeps it true."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SRC = Path(__file__).parent.parent / "src" / "lazulite"

# layer -> what of ours it may import (itself always). Anything not named here is free.
ALLOWED = {
    "errors": set(),
    "model": set(),
    "abc": {"model"},
    "web": set(),
    "expr": {"errors", "web"},
    "wire": set(),
    "worker": {"web", "wire", "model"},
    "config": {"errors", "model", "expr"},
    "bindings": {"abc", "model", "errors", "config", "expr"},
    "stores": {"abc", "model", "errors", "config", "expr"},
    "telemetry": {"abc", "model", "errors", "config"},
}
# only these may import the key
IMPORTERS = {
    "host": {"host", "cli", "testing"},
    "cli": {"cli"},
    "worker": {"worker", "cli", "testing"},  # never the host: the two meet over the wire
    "testing": {"testing"},
}
# what the user's interpreter must be able to import in `worker`, beyond the standard library
WORKER_THIRD_PARTY = {"granian", "azure", "azurefunctions", "debugpy"}


def layer_of(path: Path) -> str:
    first = path.relative_to(SRC).parts[0]
    return first.removesuffix(".py")


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def modules() -> list[Path]:
    return sorted(SRC.rglob("*.py"))


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(SRC)))
def test_imports_follow_the_layers(path: Path) -> None:
    layer = layer_of(path)
    ours = {n.split(".")[1] for n in imported(path) if n.startswith("lazulite.")} - {layer}
    ours.discard("__version__")
    if layer in ALLOWED:
        assert ours <= ALLOWED[layer], f"{layer} may not import {ours - ALLOWED[layer]}"
    for target in ours & set(IMPORTERS):
        assert layer in IMPORTERS[target], f"{layer} may not import {target}"


@pytest.mark.parametrize("path", sorted((SRC / "worker").rglob("*.py")), ids=lambda p: p.name)
def test_the_worker_needs_nothing_but_its_http_server(path: Path) -> None:
    import sys

    roots = {n.split(".")[0] for n in imported(path)}
    foreign = roots - set(sys.stdlib_module_names) - {"lazulite", "__future__"}
    assert foreign <= WORKER_THIRD_PARTY
