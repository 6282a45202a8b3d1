"""Which Python interpreter an app runs in."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lazulite.config.appsettings import app_settings
from lazulite.errors import ConfigError

Version = tuple[int, int, int]

SETTING = "languageWorkers:python:defaultExecutablePath"
ENVIRONMENTS = (".venv", "venv", ".python")
OLDEST, NEWEST = (3, 10), (3, 13)
UNPROVEN = (3, 14)
_EXECUTABLES = ("bin/python", "bin/python3", "Scripts/python.exe")
_ASK = "import sys; print('%d.%d.%d' % sys.version_info[:3])"
_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Interpreter:
    """path: absolute, its links not resolved (a virtual environment is where its link is).

    origin: where the choice comes from, in words; note: what the user should know, or None.
    """

    path: str
    origin: str
    version: Version
    note: str | None = None


def find_interpreter(
    root: str | Path, environ: Mapping[str, str], explicit: str | None = None
) -> Interpreter:
    """The interpreter of the app in `root`: the first of an explicit choice, the setting
    `languageWorkers:python:defaultExecutablePath`, a virtual environment in the app's folder, the
    activated one, our own.

    `explicit` and the setting may be a file, a virtual environment's folder or a command's name.
    Raises ConfigError, naming where the choice came from, when it cannot be used.
    """
    path, origin = _choose(Path(os.path.abspath(root)), app_settings(environ), explicit)
    if not os.path.isfile(path):
        raise _error(f"The Python interpreter '{path}' does not exist", origin)
    if not os.access(path, os.X_OK):
        raise _error(f"'{path}' is not executable", origin)
    version = python_version(path, origin)
    shown = ".".join(map(str, version))
    if version[:2] < OLDEST:
        raise _error(f"The Python interpreter '{path}' is {shown}, which is too old", origin)
    if version[:2] > UNPROVEN:
        raise _error(f"The Python interpreter '{path}' is {shown}, which is too new", origin)
    note = None
    if version[:2] > NEWEST:
        note = f"Python {shown} is newer than Azure Functions documents; most packages work."
    return Interpreter(path, origin, version, note)


def python_version(path: str, origin: str = "") -> Version:
    """The version of an interpreter, from its environment's pyvenv.cfg when that has it.

    Raises ConfigError when the interpreter has to be run for it and fails.
    """
    if path == sys.executable:
        return sys.version_info[:3]
    return _version_in_environment(path) or _ask(path, origin)


def _choose(root: Path, settings: Mapping[str, str], explicit: str | None) -> tuple[str, str]:
    given = settings.get(SETTING)
    for choice, origin in ((explicit, "the --python option"), (given, f"the setting {SETTING}")):
        if choice:
            return _resolve(choice, root, settings), origin
    for name in ENVIRONMENTS:
        found = _in_environment(root / name)
        if found:
            return found, f"the virtual environment {root / name}"
    active = settings.get("VIRTUAL_ENV")
    if active:
        origin = f"the active virtual environment {active}"
        return _in_environment(Path(active)) or str(Path(active, _EXECUTABLES[0])), origin
    return sys.executable, "the interpreter that runs Lazulite"


def _resolve(choice: str, root: Path, settings: Mapping[str, str]) -> str:
    """The file that an explicit choice means; `choice` as a path when nothing is there."""
    expanded = os.path.expanduser(choice)
    if not os.path.dirname(expanded):
        on_path = next(_on_path(expanded, settings.get("PATH", "")), None)
        if on_path and not os.path.isdir(expanded):
            return on_path
    for base in (os.getcwd(), str(root)):
        path = os.path.normpath(os.path.join(base, expanded))
        if os.path.isdir(path):
            return _in_environment(Path(path)) or str(Path(path, _EXECUTABLES[0]))
        if os.path.exists(path):
            return path
    return expanded


def _on_path(name: str, path: str) -> Iterator[str]:
    for folder in path.split(os.pathsep):
        file = os.path.join(folder, name)
        if folder and os.path.isfile(file) and os.access(file, os.X_OK):
            yield os.path.abspath(file)


def _in_environment(folder: Path) -> str | None:
    """The interpreter in an environment's folder; where it should be when it is broken."""
    for name in _EXECUTABLES:
        if os.path.lexists(folder / name):
            return str(folder / name)
    return str(folder / _EXECUTABLES[0]) if (folder / "pyvenv.cfg").is_file() else None


def _version_in_environment(path: str) -> Version | None:
    try:
        text = (Path(path).parent.parent / "pyvenv.cfg").read_text("utf-8", "replace")
    except OSError:
        return None
    match = re.search(r"^version(?:_info)?\s*=\s*(\d+)\.(\d+)\.(\d+)", text, re.M)
    if not match:
        return None
    version = int(match[1]), int(match[2]), int(match[3])
    # The environment may be older than what its link leads to by now.
    target = re.search(r"(\d+)\.(\d+)(?:\.exe)?$", os.path.basename(os.path.realpath(path)))
    if target and (int(target[1]), int(target[2])) != version[:2]:
        return None
    return version


def _ask(path: str, origin: str) -> Version:
    import subprocess

    try:
        done = subprocess.run(
            [path, "-I", "-S", "-c", _ASK],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _error(f"The Python interpreter '{path}' cannot be run ({error})", origin) from None
    match = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)\s*", done.stdout)
    if done.returncode or not match:
        said = (done.stderr.strip().splitlines() or ["it says no version"])[-1]
        raise _error(f"'{path}' is no working Python interpreter ({said})", origin)
    return int(match[1]), int(match[2]), int(match[3])


def _error(message: str, origin: str) -> ConfigError:
    chosen = f"; it was chosen by {origin}" if origin else ""
    low, high = (".".join(map(str, version)) for version in (OLDEST, NEWEST))
    return ConfigError(
        f"{message}{chosen}.",
        hint=f"Use Python {low} to {high}: name it with --python, or make a virtual environment "
        "in the app's folder with 'python -m venv .venv'.",
    )
