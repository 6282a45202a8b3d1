"""`func pack`: what is in the archive, that it is reproducible, and the packages it brings."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from lazulite.cli.build import Target, Tools, find_tools
from lazulite.errors import UsageError
from tests.cli.conftest import Func

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


def wheel(folder: Path, name: str, tag: str = "py3-none-any", requires: str = "") -> None:
    """A wheel of one module and one script."""
    folder.mkdir(exist_ok=True)
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-{tag}.whl", "w") as archive:
        archive.writestr(f"{name}.py", f"def main(): return {tag!r}\n")
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
        archive.writestr(
            f"{info}/METADATA", metadata + (f"Requires-Dist: {requires}\n" if requires else "")
        )
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nGenerator: t\nTag: {tag}\n")
        archive.writestr(f"{info}/entry_points.txt", f"[console_scripts]\n{name} = {name}:main\n")
        archive.writestr(f"{info}/RECORD", "")


def source(folder: Path, name: str, *, native: bool = False) -> None:
    """A source distribution that its own build backend makes a wheel of, pure or not."""
    tag = "cp38-abi3-linux_x86_64" if native else "py3-none-any"
    backend = (
        "import zipfile\n"
        "def build_wheel(folder, *_):\n"
        f"    file = '{name}-1.0-{tag}.whl'\n"
        "    with zipfile.ZipFile(folder + '/' + file, 'w') as a:\n"
        f"        a.writestr('{name}.py', 'x = 1\\n')\n"
        f"        i = '{name}-1.0.dist-info/'\n"
        f"        a.writestr(i + 'METADATA', 'Metadata-Version: 2.1\\nName: {name}\\n"
        "Version: 1.0\\n')\n"
        f"        a.writestr(i + 'WHEEL', 'Wheel-Version: 1.0\\nGenerator: t\\nTag: {tag}\\n')\n"
        "        a.writestr(i + 'RECORD', '')\n"
        "    return file\n"
    )
    project = (
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        f'[project]\nname = "{name}"\nversion = "1.0"\n'
    )
    inside = folder.parent / f"{name}-1.0"
    inside.mkdir(parents=True)
    folder.mkdir(exist_ok=True)
    (inside / "backend.py").write_text(backend)
    (inside / "pyproject.toml").write_text(project)
    (inside / "PKG-INFO").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    shutil.make_archive(str(folder / f"{name}-1.0"), "gztar", folder.parent, f"{name}-1.0")


@pytest.fixture
def app(v2: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An app whose packages come from a folder of wheels; no uv."""
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    wheel(v2.parent / "wheels", "blue", requires="stone")
    wheel(v2.parent / "wheels", "stone", "cp38-abi3-manylinux_2_17_x86_64")
    wheel(v2.parent / "wheels", "stone", "cp38-abi3-manylinux_2_17_aarch64")
    require(v2, "blue")
    (v2 / "tests").mkdir()
    (v2 / "tests" / "test_a.py").write_text("")
    return v2


def require(app: Path, *names: str) -> None:
    lines = ["--no-index", f"--find-links {app.parent / 'wheels'}", *names]
    (app / "requirements.txt").write_text("\n".join(lines) + "\n")


def names(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


OWN = ["function_app.py", "host.json", "requirements.txt"]
SITE = ".python_packages/lib/site-packages"


def test_the_archive(func: Func, app: Path) -> None:
    done = func("pack", cwd=app)
    packed = names(app / "demo.zip")
    assert packed == sorted(packed)
    own = [name for name in packed if not name.startswith(".python_packages/")]
    assert own == OWN
    assert {f"{SITE}/blue.py", f"{SITE}/stone.py"} <= set(packed)
    assert not [name for name in packed if "/bin/" in name]
    assert f"Writing {app / 'demo.zip'}: " in done.out
    assert digest(app / "demo.zip") in done.out
    with zipfile.ZipFile(app / "demo.zip") as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {info.external_attr >> 16 for info in archive.infolist()} == {0o100644}


def test_two_runs_make_the_same_archive(
    func: Func, app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    func("pack", cwd=app)
    twin = tmp_path / "elsewhere" / "demo"
    shutil.copytree(app, twin, ignore=shutil.ignore_patterns(".python_packages", "*.zip"))
    for path in twin.rglob("*"):
        os.utime(path, (10**9, 10**9))
    func("pack", "--output", "dist", cwd=twin)
    first = app / "demo.zip"
    second = twin / "dist" / "demo.zip"
    assert names(first) == names(second)
    assert digest(first) == digest(second)
    func("pack", cwd=app)
    assert digest(first) == digest(second)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    func("pack", cwd=app)
    assert zipfile.ZipFile(first).infolist()[0].date_time == (2023, 11, 14, 22, 13, 20)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    assert "SOURCE_DATE_EPOCH" in func("pack", cwd=app, code=1).err


def test_packages_are_installed_once(func: Func, app: Path) -> None:
    assert "Installed the packages" in func("pack", cwd=app).out
    message = (
        "Directory .python_packages already in sync with requirements.txt. "
        "Skipping restoring dependencies...\n"
    )
    assert message in func("pack", cwd=app).out
    require(app, "stone")
    assert message not in func("pack", cwd=app).out
    assert f"{SITE}/blue.py" not in names(app / "demo.zip")
    assert message not in func("pack", "--platform", "manylinux2014_aarch64", cwd=app).out


def test_for_another_platform_and_version(func: Func, app: Path) -> None:
    args = ["--python-version", "3.12", "--platform", "manylinux_2_28_aarch64"]
    done = func("pack", *args, cwd=app)
    assert "for Python 3.12, manylinux_2_28_aarch64" in done.out
    with zipfile.ZipFile(app / "demo.zip") as archive:
        assert b"aarch64" in archive.read(f"{SITE}/stone.py")


def test_remote_and_no_build(func: Func, app: Path) -> None:
    func("pack", "--build", "remote", cwd=app)
    assert names(app / "demo.zip") == OWN
    func("pack", "--no-build", cwd=app)
    assert names(app / "demo.zip") == OWN
    func("pack", cwd=app)
    func("pack", "--build", "remote", cwd=app)
    assert names(app / "demo.zip") == OWN
    func("pack", "--build", "none", cwd=app)
    assert f"{SITE}/blue.py" in names(app / "demo.zip")


def test_pure_source_is_built(func: Func, app: Path) -> None:
    source(app.parent / "wheels", "granite")
    require(app, "blue", "granite==1.0")
    done = func("pack", cwd=app)
    assert "granite==1.0 has no wheel: building it" in done.out
    assert {f"{SITE}/blue.py", f"{SITE}/granite.py"} <= set(names(app / "demo.zip"))


def test_native_source_ends_with_four(func: Func, app: Path) -> None:
    func("pack", cwd=app)
    before = digest(app / "demo.zip")
    source(app.parent / "wheels", "basalt", native=True)
    require(app, "basalt")
    err = func("pack", cwd=app, code=4).err
    assert "basalt has no wheel for the target and must be compiled" in err
    assert "--build remote" in err
    assert "--build-native-deps" in err
    assert digest(app / "demo.zip") == before
    assert (app / SITE / "blue.py").exists()
    assert not list(app.glob(".python_packages.*"))


def test_an_unknown_package(func: Func, app: Path) -> None:
    require(app, "nowhere-at-all")
    assert "nowhere-at-all cannot be found" in func("pack", cwd=app, code=1).err
    assert not (app / "demo.zip").exists()


def test_compiling_needs_a_machine_like_the_target(func: Func, app: Path) -> None:
    args = ["pack", "--build-native-deps", "--platform", "manylinux_2_28_riscv64"]
    assert "riscv64" in func(*args, cwd=app, code=1).err
    args = ["pack", "--build-native-deps", "--python-version", "3.9"]
    assert "3.9" in func(*args, cwd=app, code=1).err


def test_lists(func: Func, app: Path) -> None:
    assert func("pack", "--list-included-files", cwd=app).out.splitlines() == OWN
    ignored = func("pack", "--list-ignored-files", cwd=app).out.splitlines()
    assert {"local.settings.json", "tests/", ".vscode/", ".gitignore"} <= set(ignored)
    assert not (app / "demo.zip").exists()


def test_no_requirements_at_all(func: Func, app: Path) -> None:
    (app / "requirements.txt").write_text("# nothing\n")
    func("pack", cwd=app)
    assert names(app / "demo.zip") == OWN


def test_a_named_folder_and_file(func: Func, app: Path) -> None:
    func("pack", "demo", "--build", "remote", "-o", "out/app.zip", cwd=app.parent)
    assert names(app.parent / "out" / "app.zip") == OWN
    func("pack", "demo", "--build", "remote", cwd=app.parent)
    assert names(app.parent / "demo.zip") == OWN


@pytest.mark.parametrize(
    ("spoil", "args", "said"),
    [
        (lambda app: (app / "host.json").unlink(), ["."], "host.json is not there"),
        (lambda app: (app / "requirements.txt").unlink(), [], "requirements.txt is not there"),
        (lambda app: None, ["--platform", "win_amd64"], "--platform"),
        (lambda app: None, ["--python-version", "three"], "--python-version"),
        (lambda app: None, ["--build", "elsewhere"], "--build"),
    ],
)
def test_refusals(func: Func, app: Path, spoil: object, args: list[str], said: str) -> None:
    assert callable(spoil)
    spoil(app)
    assert said in func("pack", *args, cwd=app, code=1).err


def test_models_do_not_mix(func: Func, app: Path) -> None:
    (app / "old").mkdir()
    (app / "old" / "function.json").write_text("{}")
    err = func("pack", cwd=app, code=1).err
    assert err.startswith("Cannot mix Python V1 and V2 programming models")
    settings = app / "local.settings.json"
    settings.write_text('{"Values": {"PYTHON_SCRIPT_FILE_NAME": "other.py"}}')
    func("pack", cwd=app)


def test_platform_tags() -> None:
    target = Target((3, 11), "manylinux2014_x86_64")
    assert target.tags()[:2] == ["manylinux_2_17_x86_64", "manylinux2014_x86_64"]
    assert target.tags()[-1] == "linux_x86_64"
    assert target.uv_platform() == "x86_64-manylinux_2_17"
    assert Target((3, 11), "manylinux_2_30_aarch64").uv_platform() == "aarch64-manylinux_2_28"
    for wrong in ("win32", "manylinux_2_5_x86_64", "linux_x86_64"):
        with pytest.raises(UsageError):
            Target((3, 11), wrong).tags()


def test_which_tool_installs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uv = tmp_path / "uv"
    uv.write_text("#!/bin/sh\n")
    uv.chmod(0o755)
    monkeypatch.setattr("lazulite.cli.build._PIP_FOLDERS", ())
    environ = {"PATH": str(tmp_path)}
    assert find_tools(["/nowhere/python", sys.executable], environ) == Tools(
        str(uv), sys.executable
    )
    # an index that only pip was told of: uv would look elsewhere
    configured = {**environ, "PIP_INDEX_URL": "https://packages.example"}
    assert find_tools([sys.executable], configured).uv is None
    assert find_tools([sys.executable], {**configured, "UV_INDEX_URL": "x"}).uv == str(uv)
    assert find_tools([], {}) == Tools(None, None)
