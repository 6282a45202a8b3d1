"""Where the host of an app is told, and until when."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from lazulite.host import runtime_file
from lazulite.host.presence import presence
from lazulite.host.runtime_file import RuntimeFile

OURS = RuntimeFile(os.getpid(), "http", "127.0.0.1", 7071, "some")


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:7071"),
        ("0.0.0.0", "http://127.0.0.1:7071"),
        ("localhost", "http://localhost:7071"),
        ("::", "http://[::1]:7071"),
        ("::1", "http://[::1]:7071"),
    ],
)
def test_url(address: str, url: str) -> None:
    assert replace(OURS, address=address).url == url


def test_there_and_gone(tmp_path: Path) -> None:
    told = presence(str(tmp_path), "https", "0.0.0.0", 443, "some", known=True)
    path = tmp_path / ".lazulite" / "host.json"
    assert runtime_file.read(str(path)) is None
    told.announce()
    assert runtime_file.read(str(path)) == RuntimeFile(os.getpid(), "https", "0.0.0.0", 443, "some")
    assert os.listdir(path.parent) == ["host.json"]
    told.withdraw()
    assert not path.exists()
    told.withdraw()


def test_a_host_for_one_call_is_found_by_its_process_only(tmp_path: Path) -> None:
    told = presence(str(tmp_path), "http", "127.0.0.1", 1, "some", known=False)
    told.announce()
    assert runtime_file.read(runtime_file.place(str(tmp_path))) is None
    assert runtime_file.read(runtime_file.place(str(tmp_path), os.getpid())) is not None
    told.withdraw()
    assert os.listdir(tmp_path / ".lazulite") == []


def test_another_host_that_came_later_stays_told(tmp_path: Path) -> None:
    told = presence(str(tmp_path), "http", "127.0.0.1", 1, "some", known=True)
    told.announce()
    path = runtime_file.place(str(tmp_path))
    later = replace(OURS, pid=os.getppid())
    runtime_file.write(path, later)
    told.withdraw()
    assert runtime_file.read(path) == later


def test_what_a_killed_host_left_is_not_believed(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    path = str(tmp_path / "host.json")
    runtime_file.write(path, replace(OURS, pid=gone.pid))
    assert Path(path).exists()
    assert runtime_file.read(path) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"pid": 1}', '{"pid": "x"}'])
def test_anything_else_is_nobody(tmp_path: Path, text: str) -> None:
    (tmp_path / "host.json").write_text(text)
    assert runtime_file.read(str(tmp_path / "host.json")) is None


def test_a_folder_that_cannot_be_written_to_tells_nobody(tmp_path: Path) -> None:
    (tmp_path / ".lazulite").write_text("a file")
    told = presence(str(tmp_path), "http", "127.0.0.1", 1, "some", known=True)
    told.announce()
    told.withdraw()
    assert (tmp_path / ".lazulite").read_text() == "a file"
