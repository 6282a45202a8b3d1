"""Which files of an app go into its archive."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pathspec import GitIgnoreSpec

from lazulite.errors import ConfigError, Where

PACKAGES = ".python_packages"
# excluded at any depth and whatever the case, as the original does
_FOLDERS = (".git", ".vscode")
_FILES = (".funcignore", ".gitignore", "local.settings.json", "project.lock.json")
# and what is of no use elsewhere: caches, our own state
_LEFTOVERS = ("__pycache__", ".lazulite")


@dataclass(frozen=True)
class Contents:
    """Paths relative to the app, '/'-separated, sorted; ignored folders end with '/'."""

    included: tuple[str, ...]
    ignored: tuple[str, ...]


def read_funcignore(root: str) -> GitIgnoreSpec:
    """The patterns of .funcignore, which mean what they mean in .gitignore."""
    try:
        with open(os.path.join(root, ".funcignore"), encoding="utf-8-sig") as file:
            lines = file.read().splitlines()
    except FileNotFoundError:
        lines = []
    return GitIgnoreSpec.from_lines(lines)


def contents(root: str, spec: GitIgnoreSpec, *, without: Sequence[str] = ()) -> Contents:
    """The files of the app in `root`, except its built packages and the files at the paths
    `without` (earlier archives).

    As with git, nothing inside an ignored folder can be included again. Links to folders are
    followed, except back to where they come from. Raises ConfigError for an unreadable folder.
    """
    walk = _Walk(spec, {os.path.realpath(path) for path in without})
    try:
        walk.folder(root, "", ())
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(f"{reason}.", where=Where(file=error.filename)) from None
    return Contents(tuple(sorted(walk.included)), tuple(sorted(walk.ignored)))


class _Walk:
    def __init__(self, spec: GitIgnoreSpec, without: set[str]):
        self.spec = spec
        self.without = without
        self.included: list[str] = []
        self.ignored: list[str] = []

    def folder(self, folder: str, prefix: str, above: tuple[str, ...]) -> None:
        above = (*above, os.path.realpath(folder))
        with os.scandir(folder) as entries:
            for entry in entries:
                path = prefix + entry.name
                if not entry.is_dir():
                    (self.included if self.wants(entry, path) else self.ignored).append(path)
                elif path == PACKAGES or path.startswith(f"{PACKAGES}."):
                    continue
                elif (
                    _always(entry)
                    or self.spec.match_file(path + "/")
                    or os.path.realpath(entry.path) in above
                ):
                    self.ignored.append(path + "/")
                else:
                    self.folder(entry.path, path + "/", above)

    def wants(self, entry: os.DirEntry[str], path: str) -> bool:
        return (
            entry.is_file()
            and not _always(entry)
            and not self.spec.match_file(path)
            and os.path.realpath(entry.path) not in self.without
        )


def _always(entry: os.DirEntry[str]) -> bool:
    name = entry.name.lower()
    if entry.is_dir():
        environment = os.path.exists(os.path.join(entry.path, "pyvenv.cfg"))
        return name in _FOLDERS or name in _LEFTOVERS or environment
    return name in _FILES


def packages(root: str) -> Iterator[str]:
    """The files of the built packages, whatever .funcignore says."""
    for folder, folders, files in os.walk(os.path.join(root, PACKAGES)):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in files:
            yield os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")
