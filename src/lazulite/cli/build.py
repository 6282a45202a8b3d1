"""The app's packages, installed for where it will run, into .python_packages."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lazulite.cli.console import say
from lazulite.cli.ignore import PACKAGES
from lazulite.errors import BuildError, NativeBuildError, UsageError, Where

SITE = os.path.join("lib", "site-packages")
_MARK = "requirements.txt.md5"
_PLATFORM = re.compile(r"^manylinux(?:_2_(\d+)|2014)_(\w+)$")
_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
_UV_MINORS = (*range(40, 30, -1), 28, 17)
_MISSING = re.compile(r"No matching distribution found for ([^\s(]+)")
_PIP_FOLDERS = ("~/.config/pip", "~/.pip", "/etc", sys.prefix)
_HEARTBEAT = 15.0


@dataclass(frozen=True)
class Target:
    """Where the app will run. python: as (3, 11); platform: a manylinux tag."""

    python: tuple[int, int]
    platform: str

    @property
    def version(self) -> str:
        return f"{self.python[0]}.{self.python[1]}"

    @property
    def machine(self) -> str:
        return self._parts()[1]

    def tags(self) -> list[str]:
        """The platform tags whose wheels run there: this one, the older ones, their old names."""
        newest, machine = self._parts()
        tags: list[str] = []
        for minor in range(newest, 4, -1):
            tags.append(f"manylinux_2_{minor}_{machine}")
            if minor in _LEGACY:
                tags.append(f"{_LEGACY[minor]}_{machine}")
        return [*tags, f"linux_{machine}"]

    def uv_platform(self) -> str:
        newest, machine = self._parts()
        return f"{machine}-manylinux_2_{next(m for m in _UV_MINORS if m <= newest)}"

    def _parts(self) -> tuple[int, str]:
        match = _PLATFORM.match(self.platform)
        if match is None or int(match[1] or 17) < 17:
            raise UsageError(
                f"--platform: '{self.platform}' is not a tag like manylinux_2_28_x86_64 "
                "or manylinux2014_aarch64."
            )
        return int(match[1] or 17), match[2]


@dataclass(frozen=True)
class Tools:
    """What installs packages: uv's path or None, an interpreter with pip or None."""

    uv: str | None
    pip: str | None


def find_tools(interpreters: Sequence[str], environ: Mapping[str, str]) -> Tools:
    """uv, unless pip alone was told which index to use, and the first interpreter with pip."""
    uv = shutil.which("uv", path=environ.get("PATH", ""))
    if uv and _pip_is_configured(environ) and not any(n.startswith("UV_") for n in environ):
        uv = None
    return Tools(uv, next((p for p in interpreters if _has_pip(p)), None))


def _pip_is_configured(environ: Mapping[str, str]) -> bool:
    names = ("INDEX_URL", "EXTRA_INDEX_URL", "FIND_LINKS", "NO_INDEX", "CONFIG_FILE")
    return any(f"PIP_{name}" in environ for name in names) or any(
        os.path.exists(os.path.join(os.path.expanduser(folder), "pip.conf"))
        for folder in _PIP_FOLDERS
    )


def _has_pip(python: str) -> bool:
    try:
        return subprocess.run([python, "-c", "import pip"], capture_output=True).returncode == 0
    except OSError:
        return False


def build(root: str, target: Target, tools: Tools, *, native: bool = False) -> None:
    """Install requirements.txt into .python_packages, unless what is there is of it.

    The folder is replaced when the installation has succeeded, not before. `native`: packages
    without a wheel are compiled here, for here. Raises NativeBuildError or BuildError.
    """
    mark = _fingerprint(root, target, native)
    folder = os.path.join(root, PACKAGES)
    if _read(os.path.join(folder, _MARK)) == mark:
        say(
            f"Directory {PACKAGES} already in sync with requirements.txt. "
            "Skipping restoring dependencies..."
        )
        return
    if native:
        _same_machine(target)
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(dir=root, prefix=f"{PACKAGES}.") as fresh:
            site = os.path.join(fresh, "new", SITE)
            os.makedirs(site)
            _install(root, site, os.path.join(fresh, "wheels"), target, tools, native)
            _drop_scripts(site)
            with open(os.path.join(fresh, "new", _MARK), "w", encoding="utf-8") as file:
                file.write(mark)
            if os.path.lexists(folder):
                os.rename(folder, os.path.join(fresh, "old"))
            os.rename(os.path.join(fresh, "new"), folder)
    except OSError as error:
        raise BuildError(f"{error.strerror or error}.", where=Where(file=error.filename)) from None
    say(f"Installed the packages in {time.monotonic() - began:.1f} s")


def _drop_scripts(site: str) -> None:
    """Scripts name the interpreter of this machine: nothing can run them there, and they would
    make the archive differ from machine to machine."""
    shutil.rmtree(os.path.join(site, "bin"), ignore_errors=True)
    for name in os.listdir(site):
        path = os.path.join(site, name, "RECORD")
        if name.endswith(".dist-info") and os.path.isfile(path):
            with open(path, encoding="utf-8", newline="") as file:
                lines = file.readlines()
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.writelines(line for line in lines if not line.startswith(("../", "bin/")))


def _install(root: str, site: str, wheels: str, target: Target, tools: Tools, native: bool) -> None:
    requirements = os.path.join(root, "requirements.txt")
    goal = f"for Python {target.version}, {target.platform}"
    if tools.uv and not native:
        say(f"Installing the packages of requirements.txt {goal}, with uv")
        command = [tools.uv, "pip", "install", "-r", requirements, "--target", site]
        command += ["--only-binary", ":all:", "--python-version", target.version]
        command += ["--python-platform", target.uv_platform()]
        code, output = _run(command, root)
        if code == 0:
            return
        if tools.pip is None:
            raise _no_wheel(output, "uv")
        _empty(site)
    if tools.pip is None:
        raise BuildError(
            "Neither uv nor pip is here to install the packages.",
            hint="Install one (pip install uv), or leave it to the platform: --build remote",
        )
    say(f"Installing the packages of requirements.txt {goal}, with pip")
    command = [tools.pip, "-m", "pip", "install", "-r", requirements, "--target", site]
    command += ["--no-compile", "--disable-pip-version-check", "--no-input"]
    if not native:
        command += ["--only-binary=:all:", "--implementation", "cp"]
        command += ["--python-version", target.version]
        command += [f"--platform={tag}" for tag in target.tags()]
    built: set[str] = set()
    while True:
        found = ["--find-links", wheels] if built else []
        code, output = _run([*command, *found], root)
        if code == 0:
            return
        missing = _MISSING.search(output)
        if native or missing is None or missing[1] in built:
            raise _no_wheel(output, "pip")
        _build_pure(tools.pip, missing[1], wheels, root)
        built.add(missing[1])
        _empty(site)


def _build_pure(pip: str, requirement: str, wheels: str, root: str) -> None:
    """Build the one package that has no wheel; a wheel of pure Python runs anywhere."""
    say(f"  {requirement} has no wheel: building it")
    command = [pip, "-m", "pip", "wheel", requirement, "--no-deps", "--wheel-dir", wheels]
    # the requirements file may name the index
    options = list(_option_lines(os.path.join(root, "requirements.txt")))
    code, told = _run([*command, "--disable-pip-version-check", "--no-input", *options], root)
    if code and _MISSING.search(told):
        raise BuildError(
            f"{requirement} cannot be found.",
            hint="Check its name and version in requirements.txt.\n  " + _tail(told),
        )
    name = re.split(r"[<>=!~\[;]", requirement)[0]
    made = [f for f in os.listdir(wheels) if _same_name(f, name)] if not code else []
    if not made or not all(f.endswith("-none-any.whl") for f in made):
        raise NativeBuildError(
            f"{name} has no wheel for the target and must be compiled.",
            hint="Let the platform do it (func pack --build remote), or compile it on a machine "
            "like the target (func pack --build-native-deps)."
            + (f"\n  {_tail(told)}" if code else ""),
        )


def _same_name(file: str, name: str) -> bool:
    return (
        re.sub(r"[-_.]+", "-", file.split("-")[0]).lower() == re.sub(r"[-_.]+", "-", name).lower()
    )


def _option_lines(requirements: str) -> Iterator[str]:
    wanted = ("--index-url", "-i", "--extra-index-url", "--find-links", "-f", "--no-index", "--pre")
    for line in (_read(requirements) or "").splitlines():
        words = line.split()
        if words and words[0].partition("=")[0] in wanted:
            yield from words


def _no_wheel(output: str, tool: str) -> BuildError:
    native = "usable wheels" in output or "build_ext" in output or "Failed building" in output
    kind = NativeBuildError if native else BuildError
    return kind(
        f"The packages of requirements.txt cannot be installed for the target: {_tail(output)}",
        hint=f"This is what {tool} says. To leave it to the platform: func pack --build remote",
    )


def _tail(output: str) -> str:
    lines = [line for line in output.strip().splitlines() if not line.startswith("WARNING")]
    return "\n  ".join(lines[-12:])


def _run(command: list[str], folder: str) -> tuple[int, str]:
    """Exit code and output; says now and then that it goes on."""
    began = time.monotonic()
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    while True:
        try:
            output, _ = process.communicate(timeout=_HEARTBEAT)
            return process.returncode, output
        except subprocess.TimeoutExpired:
            say(f"  still at it, {time.monotonic() - began:.0f} s")
        except BaseException:
            process.kill()
            process.wait()
            raise


def _same_machine(target: Target) -> None:
    here = f"{sys.platform} {os.uname().machine}" if hasattr(os, "uname") else sys.platform
    if here != f"linux {target.machine}":
        raise UsageError(
            f"--build-native-deps compiles for this machine ({here}), not for {target.platform}.",
            hint="Run it on such a machine, or use --build remote.",
        )


def _fingerprint(root: str, target: Target, native: bool) -> str:
    """What the folder was made of: the requirements with the files they include, the target."""
    digests = [
        hashlib.md5(content.encode(), usedforsecurity=False).hexdigest()
        for content in _requirement_files(os.path.join(root, "requirements.txt"), set())
    ]
    return "\n".join([*digests, f"{target.version} {target.platform} {native}"]) + "\n"


def _requirement_files(path: str, seen: set[str]) -> Iterator[str]:
    content = _read(path)
    if content is None or path in seen:
        return
    seen.add(path)
    yield content
    for match in re.finditer(r"^\s*(?:-r|-c|--requirement|--constraint)[ =]*(\S+)", content, re.M):
        yield from _requirement_files(os.path.join(os.path.dirname(path), match[1]), seen)


def has_requirements(root: str) -> bool:
    """Whether requirements.txt asks for anything."""
    lines = (_read(os.path.join(root, "requirements.txt")) or "").splitlines()
    return any(line.strip() and not line.strip().startswith("#") for line in lines)


def _read(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8-sig") as file:
            return file.read()
    except OSError:
        return None


def _empty(folder: str) -> None:
    shutil.rmtree(folder)
    os.makedirs(folder)
