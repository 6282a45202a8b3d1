"""Where the worker imports its HTTP server from.

Our own interpreter has it installed beside us. Any other gets it once, for its version, into a
cache folder of ours; the user's environment never changes.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

from lazulite.errors import WorkerError

SERVER = "granian"


def server_folder(
    python: str,
    version: tuple[int, ...],
    environ: Mapping[str, str],
    tell: Callable[[str], None],
) -> str:
    """The folder to import the HTTP server from, installing it for `python` if need be.

    tell: called with a line of progress when that takes time. Raises WorkerError.
    """
    own = find_spec(SERVER)
    if own is None or own.origin is None:
        raise WorkerError(f"{SERVER} is not installed beside lazulite; reinstall lazulite")
    ours = os.path.dirname(os.path.dirname(own.origin))
    if version[:2] == sys.version_info[:2]:
        return ours  # the same binary interface
    wanted = _version_of(ours)
    folder = cache_folder(environ) / f"{SERVER}-{wanted}-cp{version[0]}{version[1]}-{_platform()}"
    if (folder / SERVER).is_dir():
        return str(folder)
    shown = ".".join(map(str, version[:2]))
    tell(f"Installing the HTTP server for Python {shown} (once, into {folder}) ...")
    _install(python, shown, f"{SERVER}=={wanted}", folder)
    tell("Installed.")
    return str(folder)


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Our cache: $LAZULITE_CACHE, else $XDG_CACHE_HOME/lazulite, else ~/.cache/lazulite."""
    given = environ.get("LAZULITE_CACHE")
    if given:
        return Path(given)
    base = environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "lazulite"


def _platform() -> str:
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")


def _version_of(folder: str) -> str:
    for name in os.listdir(folder):
        if name.startswith(f"{SERVER}-") and name.endswith(".dist-info"):
            return name[len(SERVER) + 1 : -len(".dist-info")]
    raise WorkerError(f"{SERVER} in {folder} has no version; reinstall lazulite")


def _install(python: str, version: str, requirement: str, folder: Path) -> None:
    import shutil
    import subprocess

    partial = folder.with_name(f"{folder.name}.partial-{os.getpid()}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.parent.mkdir(parents=True, exist_ok=True)
    command = [*_installer(python, version), "--target", str(partial), "--no-deps", requirement]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _cannot(requirement, version, str(error)) from error
    if done.returncode != 0:
        shutil.rmtree(partial, ignore_errors=True)
        raise _cannot(requirement, version, done.stderr.strip()[-2000:])
    try:
        partial.rename(folder)
    except OSError:  # another start was faster
        shutil.rmtree(partial, ignore_errors=True)


def _installer(python: str, version: str) -> list[str]:
    """The command that installs for `python`: uv, our own pip, or else the interpreter's."""
    import shutil

    uv = shutil.which("uv")
    if uv:
        return [uv, "pip", "install", "--quiet", "--python", python]
    pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"]
    if find_spec("pip") is not None:
        return [sys.executable, *pip, "--python-version", version, "--implementation", "cp"]
    return [python, *pip]


def _cannot(requirement: str, version: str, reason: str) -> WorkerError:
    return WorkerError(
        f"The HTTP server ({requirement}) cannot be installed for Python {version}.",
        hint=f"Check the network and the package index, or run the app with Python "
        f"{sys.version_info[0]}.{sys.version_info[1]} (--python). The installer said:\n  "
        + reason.replace("\n", "\n  "),
    )
