"""`func init`."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from lazulite.host.debugger import PORT
from tests.cli.conftest import Func

COMMON = {
    "requirements.txt",
    "host.json",
    "local.settings.json",
    ".gitignore",
    ".funcignore",
    ".vscode/extensions.json",
    "getting_started.md",
}


def files(root: Path) -> set[str]:
    return {
        str(p.relative_to(root)) for p in root.rglob("*") if p.is_file() and ".git/" not in str(p)
    }


def test_a_v2_app_by_default(func: Func, tmp_path: Path) -> None:
    done = func("init", "demo", "--worker-runtime", "python", cwd=tmp_path)
    root = tmp_path / "demo"
    assert files(root) == COMMON | {"function_app.py"}
    for name in files(root):
        assert f"Writing {root / name}\n" in done.out
    ast.parse((root / "function_app.py").read_text())
    assert "azure-functions" in (root / "requirements.txt").read_text().splitlines()
    host = json.loads((root / "host.json").read_text())
    assert host["version"] == "2.0"
    assert host["extensionBundle"]["version"] == "[4.*, 5.0.0)"
    assert json.loads((root / "local.settings.json").read_text()) == {
        "IsEncrypted": False,
        "Values": {
            "FUNCTIONS_WORKER_RUNTIME": "python",
            "AzureWebJobsStorage": "UseDevelopmentStorage=true",
        },
    }


def test_a_v1_app_in_place(func: Func, tmp_path: Path) -> None:
    func("init", "-m", "V1", "--python", cwd=tmp_path)
    assert files(tmp_path) == COMMON


def test_what_is_there_is_kept(func: Func, v2: Path) -> None:
    (v2 / "host.json").write_text("{}")
    (v2 / "requirements.txt").unlink()
    done = func("init", cwd=v2)
    assert "host.json already exists. Skipped!\n" in done.out
    assert f"Writing {v2 / 'requirements.txt'}\n" in done.out
    assert (v2 / "host.json").read_text() == "{}"
    func("init", "--force", cwd=v2)
    assert "version" in (v2 / "host.json").read_text()


def test_leaving_out(func: Func, tmp_path: Path) -> None:
    func("init", "--no-docs", "--no-bundle", cwd=tmp_path)
    assert files(tmp_path) == COMMON - {"getting_started.md"} | {"function_app.py"}
    assert "extensionBundle" not in json.loads((tmp_path / "host.json").read_text())


def test_preview_bundle(func: Func, tmp_path: Path) -> None:
    func("init", "--bundles-channel", "preview", cwd=tmp_path)
    bundle = json.loads((tmp_path / "host.json").read_text())["extensionBundle"]
    assert bundle["id"] == "Microsoft.Azure.Functions.ExtensionBundle.Preview"


def test_docker(func: Func, tmp_path: Path) -> None:
    func("init", "--docker", cwd=tmp_path)
    assert files(tmp_path) == COMMON | {"function_app.py", "Dockerfile", ".dockerignore"}
    text = (tmp_path / "Dockerfile").read_text()
    assert "mcr.microsoft.com/azure-functions/python:4-python3." in text
    assert "AzureWebJobsScriptRoot=/home/site/wwwroot" in text
    assert "<<" not in text
    only = tmp_path / "only"
    func("init", "only", "--docker-only", cwd=tmp_path)
    assert files(only) == {"Dockerfile", ".dockerignore"}


def test_vscode_files_are_json(func: Func, tmp_path: Path) -> None:
    func("init", "--vscode", cwd=tmp_path)
    names = {"extensions.json", "settings.json", "launch.json", "tasks.json"}
    assert files(tmp_path / ".vscode") == names
    for name in names:
        json.loads((tmp_path / ".vscode" / name).read_text())


def test_vscode_attaches_where_func_start_listens(func: Func, tmp_path: Path) -> None:
    func("init", "--vscode", cwd=tmp_path)
    folder = tmp_path / ".vscode"
    (launch,) = json.loads((folder / "launch.json").read_text())["configurations"]
    (task,) = json.loads((folder / "tasks.json").read_text())["tasks"]
    assert launch["connect"]["port"] == PORT
    assert launch["preLaunchTask"] == task["label"]


def test_git(func: Func, tmp_path: Path) -> None:
    func("init", "a", "--source-control", cwd=tmp_path)
    assert (tmp_path / "a" / ".git" / "HEAD").is_file()
    func("init", "b", "--no-source-control", cwd=tmp_path)
    assert not (tmp_path / "b" / ".git").exists()
    assert "Skipped!" in func("init", "a", "--source-control", cwd=tmp_path).out


@pytest.mark.parametrize(
    "args", [["--worker-runtime", "node"], ["--dotnet"], ["--java"], ["-l", "typescript"]]
)
def test_other_languages_are_refused(func: Func, tmp_path: Path, args: list[str]) -> None:
    done = func("init", *args, cwd=tmp_path, code=1)
    assert "Python apps only" in done.err
    assert list(tmp_path.iterdir()) == []


def test_the_active_environment_is_ignored(
    func: Func, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "my_env"))
    func("init", cwd=tmp_path)
    assert (tmp_path / ".funcignore").read_text().endswith("my_env/\n")


def test_a_file_in_the_way(func: Func, tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("")
    assert "is a file" in func("init", "demo", cwd=tmp_path, code=1).err
