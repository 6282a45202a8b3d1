"""Which changes ask for a reload."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from time import time as now

import pytest

from lazulite.host.watch import Change, Rules, Scope, Watcher, changed_since, forget_bytecode


def rules(root: Path) -> Rules:
    return Rules(str(root), ("host.json", "function.json", "data.txt"), ("node_modules", "static"))


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("function_app.py", Scope.APP),
        ("shared/deep/helper.py", Scope.APP),
        ("hello/function.json", Scope.APP),
        ("host.json", Scope.APP),
        ("local.settings.json", Scope.APP),
        ("app_offline.htm", Scope.APP),
        ("below/data.txt", Scope.APP),
        ("static/style.css", Scope.APP),
        ("node_modules/x/index.js", Scope.APP),
        ("requirements.txt", Scope.PACKAGES),
        (".venv/lib/python3.11/site-packages/six-1.0.dist-info/RECORD", Scope.PACKAGES),
        (".python_packages/lib/site-packages/six.dist-info/METADATA", Scope.PACKAGES),
        (".venv/lib/python3.11/site-packages/six.py", Scope.NOTHING),
        ("notes.md", Scope.NOTHING),
        ("below/requirements.txt", Scope.NOTHING),
        (".git/hooks/x.py", Scope.NOTHING),
        ("__pycache__/function_app.cpython-311.pyc", Scope.NOTHING),
        (".lazulite/secrets/host.json", Scope.NOTHING),
    ],
)
def test_the_scope_of_a_change(path: str, scope: Scope, tmp_path: Path) -> None:
    assert rules(tmp_path).scope(Change(str(tmp_path / path), "Changed")) is scope


def test_folders_that_come_and_go_at_the_root(tmp_path: Path) -> None:
    (tmp_path / "fresh" / "deep").mkdir(parents=True)
    scope = rules(tmp_path).scope
    assert scope(Change(str(tmp_path / "fresh"), "Created")) is Scope.APP
    assert scope(Change(str(tmp_path / "gone"), "Deleted")) is Scope.APP
    assert scope(Change(str(tmp_path / "fresh" / "deep"), "Created")) is Scope.NOTHING
    assert scope(Change(str(tmp_path / "fresh"), "Changed")) is Scope.NOTHING


def test_what_was_written_since_is_found(tmp_path: Path) -> None:
    for name, time in (("old.py", 1000), ("new.py", 3000), ("new.md", 3000)):
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (time, time))
    found = list(changed_since(rules(tmp_path), 2000))
    assert [os.path.basename(change.path) for change in found] == ["new.py"]


def test_a_file_that_went_before_the_watching_began_is_told(tmp_path: Path) -> None:
    gone, kept = tmp_path / "app_offline.htm", tmp_path / "kept.py"
    kept.write_text("")

    async def watch() -> list[Change]:
        found: asyncio.Queue[list[Change]] = asyncio.Queue()
        failed: asyncio.Queue[Exception] = asyncio.Queue()
        seen = [str(gone), str(kept)]
        watcher = Watcher(rules(tmp_path), now() + 60, seen, found.put_nowait, failed.put_nowait)
        try:
            return await asyncio.wait_for(found.get(), 30)
        finally:
            watcher.stop()

    assert asyncio.run(watch()) == [Change(str(gone), "Deleted")]


def test_byte_code_of_changed_modules_is_deleted(tmp_path: Path) -> None:
    cache = tmp_path / "__pycache__"
    cache.mkdir()
    for name in ("app.cpython-311.pyc", "app.cpython-313.opt-1.pyc", "app_two.cpython-311.pyc"):
        (cache / name).write_bytes(b"")
    forget_bytecode([Change(str(tmp_path / "app.py"), "Changed")])
    assert [path.name for path in cache.iterdir()] == ["app_two.cpython-311.pyc"]
