"""Log files in the original's layout."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import pytest

from lazulite.config.loglevels import LogLevels
from lazulite.telemetry import files
from lazulite.telemetry.console import Console, Filter
from lazulite.telemetry.files import LogFiles

STAMP = "2023-11-14T22:13:20.500"


def console(root: Path) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    made = Console(out, Filter(LogLevels()), False)
    made.into(LogFiles(str(root), "ABCDEF1234567890"))
    return made, out


def say(console: Console, category: str, message: str, function: str = "") -> None:
    console.record("Information", category, message, time=1_700_000_000.5, function=function)


def content(folder: Path) -> str:
    (file,) = folder.iterdir()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-abcdef1234\.log", file.name)
    return file.read_text("utf-8")


def test_where_records_go(tmp_path: Path) -> None:
    made, _ = console(tmp_path)
    say(made, "Function.f", "Executing 'Functions.f'")
    say(made, "Function.f.User", "çalışıyor")
    say(made, "Host.Function.Console", "printed", "f")
    say(made, "Mine", "of the host")
    assert content(tmp_path / "Function" / "f") == (
        f"{STAMP} [Information] Executing 'Functions.f'\n"
        f"{STAMP} [Information] çalışıyor\n"
        f"{STAMP} [Information] printed\n"
    )
    assert content(tmp_path / "Host") == (
        f"{STAMP} [Information,f] Executing 'Functions.f'\n"
        f"{STAMP} [Information,f] printed\n"
        f"{STAMP} [Information] of the host\n"
    )


def test_old_files_go_and_large_ones_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "Host" / "2020-01-01T00-00-00Z-x.log"
    old.parent.mkdir()
    old.write_text("old")
    os.utime(old, (0, 0))
    begun = []
    begin = LogFiles._begin

    def counted(self: LogFiles, folder: str) -> object:
        begun.append(folder)
        return begin(self, folder)

    monkeypatch.setattr(LogFiles, "_begin", counted)
    monkeypatch.setattr(files, "LARGEST", 100)
    made, _ = console(tmp_path)
    for _ in range(5):
        say(made, "Mine", "x" * 60)
    assert not old.exists()
    assert len(begun) > 1


def test_files_that_cannot_be_written_end_alone(tmp_path: Path) -> None:
    (tmp_path / "Host").write_text("in the way")
    made, out = console(tmp_path)
    say(made, "Mine", "one")
    assert "The log files cannot be written" in out.getvalue()
    assert "one" in out.getvalue()
