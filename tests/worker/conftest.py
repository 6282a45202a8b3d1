"""Little apps, made on the spot and imported into this process."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

MakeApp = Callable[[Mapping[str, str]], str]


@pytest.fixture
def clean_modules() -> Iterator[None]:
    """Forget what the test imported."""
    modules, path = dict(sys.modules), list(sys.path)
    yield
    for name in set(sys.modules) - set(modules):
        del sys.modules[name]
    sys.path[:] = path


@pytest.fixture
def make_app(tmp_path: Path, clean_modules: None) -> MakeApp:
    """Write files (by relative path) into an app's folder; its root."""

    def make(files: Mapping[str, str]) -> str:
        for name, text in files.items():
            path = tmp_path / "my-app" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        root = str(tmp_path / "my-app")
        sys.path.append(root)
        return root

    return make
