"""`func pack`: the archive that is deployed."""

from __future__ import annotations

import os
import sys

import click

from lazulite.cli import archive, ignore
from lazulite.cli.build import Target, build, find_tools, has_requirements
from lazulite.cli.console import examples, say
from lazulite.cli.project import find_root, script_file, v1_functions
from lazulite.errors import UsageError


@click.command(
    epilog=examples(
        "func pack                                   # demo.zip with its packages",
        "func pack --build remote -o dist            # the platform installs the packages",
        "func pack --python-version 3.12 --platform manylinux_2_28_aarch64",
        "func pack --list-ignored-files",
    ),
)
@click.argument("folder", required=False, metavar="[DIR]")
@click.option("-o", "--output", metavar="DIR", help="Where to put the archive. [default: here]")
@click.option(
    "-b",
    "--build",
    "how",
    type=click.Choice(["local", "remote", "none"], case_sensitive=False),
    default="local",
    show_default=True,
    help="Install the packages here, leave it to the platform, or take .python_packages as it is.",
)
@click.option("--no-build", is_flag=True, help="The same as --build none.")
@click.option(
    "--build-native-deps",
    "native",
    is_flag=True,
    help="Compile packages without a wheel, on this machine, for such a machine.",
)
@click.option(
    "--python-version", metavar="3.X", help="Python of the target. [default: the app's interpreter]"
)
@click.option(
    "--platform",
    metavar="TAG",
    default="manylinux_2_28_x86_64",
    show_default=True,
    help="Platform of the target.",
)
@click.option("--python", metavar="PATH", help="The app's interpreter.")
@click.option("--list-ignored-files", is_flag=True, help="List what is left out, and stop.")
@click.option("--list-included-files", is_flag=True, help="List what goes in, and stop.")
def command(
    folder: str | None,
    output: str | None,
    how: str,
    no_build: bool,
    native: bool,
    python_version: str | None,
    platform: str,
    python: str | None,
    list_ignored_files: bool,
    list_included_files: bool,
) -> None:
    """Put the app in DIR (this one without) into a zip file, with its packages."""
    here = os.getcwd()
    root = find_root() if folder is None else os.path.abspath(folder)
    how = "none" if no_build else how.lower()
    _check(root, how)
    path = _archive_path(root, here, output)
    archives = (path, _archive_path(root, root, None))
    found = ignore.contents(root, ignore.read_funcignore(root), without=archives)
    if list_ignored_files or list_included_files:
        for name in found.ignored if list_ignored_files else found.included:
            say(name)
        return
    moment = archive.timestamp(os.environ)
    if how == "local":
        _build(root, python, python_version, platform, native)
    names = list(found.included)
    if how != "remote":
        names += ignore.packages(root)
    say("Creating archive for current directory...")
    digest = archive.write(path, root, names, moment)
    size = os.path.getsize(path)
    say(f"Writing {path}: {len(names)} files, {_size(size)}, sha256 {digest}")


def _check(root: str, how: str) -> None:
    wanted = ["host.json"] if how == "none" else ["host.json", "requirements.txt"]
    for name in wanted:
        if not os.path.isfile(os.path.join(root, name)):
            raise UsageError(
                f"{os.path.join(root, name)} is not there.",
                hint="Name the app's folder: func pack DIR. `func init` writes missing files.",
            )
    v1 = v1_functions(root)
    if v1 and os.path.isfile(os.path.join(root, script_file(root))):
        raise UsageError(
            "Cannot mix Python V1 and V2 programming models.",
            hint=f"{script_file(root)} stands beside folders with function.json: {', '.join(v1)}.",
        )


def _build(root: str, python: str | None, version: str | None, platform: str, native: bool) -> None:
    from lazulite.config.python import find_interpreter

    interpreter = find_interpreter(root, os.environ, python)
    target = Target(_version(version) or interpreter.version[:2], platform)
    target.tags()
    if not has_requirements(root):
        say("requirements.txt asks for no packages.")
        return
    if native and interpreter.version[:2] != target.python:
        raise UsageError(
            f"--build-native-deps needs Python {target.version}, and the app's interpreter "
            f"{interpreter.path} is another one.",
            hint="Name one with --python.",
        )
    if native:
        tools = find_tools([interpreter.path], os.environ)
    else:
        # pip judges environment markers by the interpreter that it runs in
        same = [interpreter.path] if interpreter.version[:2] == target.python else []
        tools = find_tools([*same, sys.executable, interpreter.path], os.environ)
    build(root, target, tools, native=native)


def _version(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    parts = text.split(".")
    if len(parts) < 2 or not all(part.isdigit() for part in parts[:2]):
        raise UsageError(f"--python-version: '{text}' is not a version like 3.11.")
    return int(parts[0]), int(parts[1])


def _archive_path(root: str, here: str, output: str | None) -> str:
    if output is not None and output.lower().endswith(".zip"):
        return os.path.abspath(output)
    name = os.path.basename(root.rstrip(os.sep)) or "app"
    return os.path.join(os.path.abspath(output or here), f"{name}.zip")


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} KB"
