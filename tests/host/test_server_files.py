"""Where the worker's HTTP server comes from."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from lazulite.errors import WorkerError
from lazulite.host.server_files import cache_folder, server_folder

OTHER = (3, 12 if sys.version_info[:2] != (3, 12) else 13, 0)


def nothing_told(line: str) -> None:
    raise AssertionError(line)


def test_an_interpreter_of_our_version_uses_ours() -> None:
    folder = server_folder("/any/python", sys.version_info[:3], {}, nothing_told)
    assert os.path.isdir(os.path.join(folder, "granian"))


def test_another_version_finds_what_was_installed_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("UV_OFFLINE", "1")
    environ = {"LAZULITE_CACHE": str(tmp_path)}
    told: list[str] = []
    with pytest.raises(WorkerError) as caught:
        server_folder(sys.executable, OTHER, environ, told.append)
    version = f"{OTHER[0]}.{OTHER[1]}"
    assert told[0].startswith(f"Installing the HTTP server for Python {version} (once, into ")
    message = str(caught.value)
    assert f"cannot be installed for Python {version}." in message
    assert "Check the network" in message
    assert list(tmp_path.iterdir()) == []

    place = Path(told[0].partition("into ")[2].partition(")")[0])
    (place / "granian").mkdir(parents=True)
    assert server_folder(sys.executable, OTHER, environ, nothing_told) == str(place)


def test_the_cache_folder() -> None:
    assert cache_folder({"LAZULITE_CACHE": "/a", "XDG_CACHE_HOME": "/b"}) == Path("/a")
    assert cache_folder({"XDG_CACHE_HOME": "/b"}) == Path("/b/lazulite")
    assert cache_folder({}) == Path.home() / ".cache" / "lazulite"
