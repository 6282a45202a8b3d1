from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from lazulite.config.python import find_interpreter, python_version
from lazulite.errors import ConfigError

OWN = sys.version_info[:3]


def environment(folder: Path, version: str | None = "3.12.1", key: str = "version") -> Path:
    """A virtual environment whose interpreter says it is older than all, should it be run."""
    path = folder / "bin" / "python"
    path.parent.mkdir(parents=True)
    path.write_text("#!/bin/sh\necho 2.7.18\n")
    path.chmod(0o755)
    if version:
        (folder / "pyvenv.cfg").write_text(f"home = /usr/bin\n{key} = {version}\n")
    return path


def script(path: Path, body: str) -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def test_our_own(tmp_path: Path) -> None:
    found = find_interpreter(tmp_path, {})
    assert found.path == sys.executable
    assert found.version == OWN
    assert found.origin == "the interpreter that runs Lazulite"


def test_the_order(tmp_path: Path) -> None:
    root = tmp_path / "app"
    root.mkdir()
    active = environment(tmp_path / "active")
    environ = {"VIRTUAL_ENV": str(tmp_path / "active")}
    assert find_interpreter(root, environ).path == str(active)
    for name in (".python", "venv", ".venv"):
        path = environment(root / name, "3.11.9.final.0", "version_info")
        found = find_interpreter(root, environ)
        assert found.path == str(path)
        assert found.version == (3, 11, 9)
        assert found.origin == f"the virtual environment {root / name}"
    set_one = environment(tmp_path / "set")
    environ["languageWorkers__python__defaultExecutablePath"] = str(set_one)
    found = find_interpreter(root, environ)
    assert (found.path, found.version) == (str(set_one), (3, 12, 1))
    assert "languageWorkers:python:defaultExecutablePath" in found.origin
    explicit = environment(tmp_path / "explicit")
    found = find_interpreter(root, environ, str(tmp_path / "explicit"))
    assert found.path == str(explicit)
    assert "--python" in found.origin


def test_a_folder_that_is_no_environment_is_passed_by(tmp_path: Path) -> None:
    (tmp_path / "venv").mkdir()
    assert find_interpreter(tmp_path, {}).path == sys.executable


def test_a_command_on_the_path(tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    path = script(folder / "python-of-mine", "echo 3.10.2")
    found = find_interpreter(tmp_path, {"PATH": f"/nowhere:{folder}"}, "python-of-mine")
    assert (found.path, found.version) == (str(path), (3, 10, 2))


def test_a_path_below_the_app(tmp_path: Path) -> None:
    path = environment(tmp_path / "envs" / "a")
    assert find_interpreter(tmp_path, {}, "envs/a").path == str(path)


def test_the_version_is_asked_for_when_no_file_has_it(tmp_path: Path) -> None:
    link = tmp_path / "python"
    link.symlink_to(sys.executable)
    assert python_version(str(link)) == OWN


def test_a_stale_environment_file_is_not_believed(tmp_path: Path) -> None:
    base = script(tmp_path / "python3.13", "echo 3.13.5")
    path = tmp_path / "env" / "bin" / "python"
    path.parent.mkdir(parents=True)
    os.symlink(base, path)
    (tmp_path / "env" / "pyvenv.cfg").write_text("version = 3.12.1\n")
    assert python_version(str(path)) == (3, 13, 5)


def test_a_newer_python_is_noted(tmp_path: Path) -> None:
    environment(tmp_path / ".venv", "3.14.0")
    assert "newer" in (find_interpreter(tmp_path, {}).note or "")
    assert find_interpreter(tmp_path, {}, sys.executable).version == OWN


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("echo 3.9.18", "is 3.9.18, which is too old"),
        ("echo 3.15.0", "is 3.15.0, which is too new"),
        ("echo what; exit 0", "is no working Python interpreter"),
        ("echo cannot load libpython >&2; exit 1", "(cannot load libpython)"),
    ],
)
def test_interpreters_that_will_not_do(tmp_path: Path, body: str, message: str) -> None:
    path = script(tmp_path / "python", body)
    with pytest.raises(ConfigError) as caught:
        find_interpreter(tmp_path, {}, str(path))
    assert message in caught.value.message
    assert "it was chosen by the --python option" in caught.value.message
    assert "Use Python 3.10 to 3.13" in (caught.value.hint or "")


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'/no/python' does not exist; it was chosen by the"):
        find_interpreter(tmp_path, {}, "/no/python")


def test_not_executable(tmp_path: Path) -> None:
    path = tmp_path / "python"
    path.write_text("")
    with pytest.raises(ConfigError, match="is not executable"):
        find_interpreter(tmp_path, {}, str(path))


def test_a_broken_environment_is_named(tmp_path: Path) -> None:
    path = tmp_path / ".venv" / "bin" / "python"
    path.parent.mkdir(parents=True)
    path.symlink_to(tmp_path / "gone")
    with pytest.raises(ConfigError, match=r"does not exist; it was chosen by the virtual env"):
        find_interpreter(tmp_path, {})
