"""Starting the template process, at the very first moment of `func start`.

The app's interpreter needs longer to import `azure.functions` than the host needs to read the
app's configuration. So it is started on a guess, and while it imports, everything else is found
out; in the rare case that the guess was wrong, another is started. That is why this module imports
next to nothing.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence

from lazulite.wire.pair import pair

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_MARKS = ("host.json", "local.settings.json")
_ENVIRONMENTS = (".venv", "venv", ".python")
# options after which the guess would be wrong, or nothing would be started
_SIGINT, _SIGTERM = 2, 15  # without importing signal on the way to the spawn
_NO_GUESS = ("--python", "--help", "-h", "--script-root", "--prefix")
# what an interpreter, its loader and its C library read when they start
_AT_START = ("LD_", "DYLD_", "LC_", "LANG", "MALLOC_", "GLIBC_", "PYTHON_GIL", "PYTHON_CPU")


class Started:
    """A template process that runs. control: our end of its socket."""

    def __init__(
        self,
        pid: int,
        control: socket.socket,
        command: Sequence[str],
        environ: Mapping[str, str],
    ) -> None:
        self.pid = pid
        self.control = control
        self._command = list(command)
        self._environ = startup_variables(environ)

    def is_for(self, command: Sequence[str], environ: Mapping[str, str]) -> bool:
        """Whether it was started as another start would start it."""
        return self._command == list(command) and self._environ == startup_variables(environ)

    def discard(self) -> None:
        """End it."""
        self.control.close()
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def startup_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that matter before a line of Python runs; workers set all others later."""
    return {
        name: value
        for name, value in environ.items()
        if name.startswith(_AT_START) or (name.startswith("PYTHON") and name[6:7].isalpha())
    }


def template_command(python: str, root: str, server: str, search: Sequence[str]) -> list[str]:
    """How the template is called: without its descriptor, which comes last.

    server: the folder that the HTTP server is imported from; search: folders at the end of the
    app's sys.path.
    """
    return [python, os.path.join(PACKAGE, "worker", "bootstrap.py"), PACKAGE, server, root, *search]


def search_path(root: str) -> list[str]:
    """What comes after the interpreter's own packages on the app's sys.path."""
    return [os.path.join(root, ".python_packages", "lib", "site-packages"), root]


def start_template(command: Sequence[str], environ: Mapping[str, str]) -> Started:
    """Start it. Raises OSError when the interpreter cannot be executed."""
    ours, theirs = pair()
    theirs.set_inheritable(True)
    try:
        pid = os.posix_spawn(
            command[0],
            [*command, str(theirs.fileno())],
            environ,
            file_actions=[(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)],
            # Ctrl-C reaches the whole group: nobody but the host may act on it, from the first
            # instruction on; the template lets them through once it ignores them
            setsigmask=[_SIGINT, _SIGTERM],
        )
    except OSError:
        ours.close()
        raise
    finally:
        theirs.close()
    return Started(pid, ours, command, environ)


def guess(arguments: Sequence[str], environ: Mapping[str, str], cwd: str) -> Started | None:
    """Start the template that `func start ARGUMENTS` will most likely need; None where that is
    not plain."""
    if any(argument.partition("=")[0] in _NO_GUESS for argument in arguments):
        return None
    root, server = _root(cwd), _server()
    if root is None or server is None:
        return None
    python = _python(root, environ)
    if python is None:
        return None
    try:
        return start_template(template_command(python, root, server, search_path(root)), environ)
    except OSError:
        return None


def _root(cwd: str) -> str | None:
    folder = os.path.abspath(cwd)
    while not any(os.path.isfile(os.path.join(folder, mark)) for mark in _MARKS):
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
    return folder


def _server() -> str | None:
    """Where our own copy of the HTTP server is."""
    for folder in sys.path:
        if os.path.isfile(os.path.join(folder, "granian", "__init__.py")):
            return folder
    return None


def _python(root: str, environ: Mapping[str, str]) -> str | None:
    """The app's interpreter, when it plainly is of our version."""
    environments = [os.path.join(root, name) for name in _ENVIRONMENTS]
    found = next((place for place in environments if os.path.isdir(place)), None)
    found = found or environ.get("VIRTUAL_ENV")
    if not found:
        return sys.executable
    ours = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    if not os.path.isdir(os.path.join(found, "lib", ours)):
        return None
    return os.path.join(found, "bin", "python")
