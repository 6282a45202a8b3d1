"""`func settings`."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from lazulite.config import encryption
from tests.cli.conftest import Func


@pytest.fixture(autouse=True)
def _own_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def load(app: Path) -> dict[str, dict[str, str]]:
    content: dict[str, dict[str, str]] = json.loads((app / "local.settings.json").read_text())
    return content


def test_add_list_delete(func: Func, v2: Path) -> None:
    file = v2 / "local.settings.json"
    before = file.read_text()
    done = func("settings", "add", "GREETING", "höi", cwd=v2)
    assert done.out == f"Added Values:GREETING in {file}\n"
    assert list(load(v2)["Values"]) == [
        "FUNCTIONS_WORKER_RUNTIME",
        "AzureWebJobsStorage",
        "GREETING",
    ]
    assert "höi" not in func("settings", "list", cwd=v2).out
    assert "GREETING = höi" in func("settings", "list", "--showValue", cwd=v2).out
    assert "Changed" in func("settings", "add", "greeting", "x", cwd=v2).out
    assert load(v2)["Values"]["GREETING"] == "x"
    assert "Deleted" in func("settings", "remove", "GREETING", cwd=v2).out
    assert file.read_text() == before
    err = func("settings", "delete", "GREETING", cwd=v2, code=1).err
    assert "There is no setting 'GREETING'" in err


def test_connection_strings(func: Func, v2: Path) -> None:
    func("settings", "add", "Sql", "Server=x;", "--connectionString", cwd=v2)
    assert load(v2)["ConnectionStrings"] == {"Sql": "Server=x;"}
    assert "Sql = Server=x;" in func("settings", "list", "-a", cwd=v2).out
    func("settings", "delete", "Sql", "--connection-string", cwd=v2)
    assert load(v2)["ConnectionStrings"] == {}


def test_a_connection_string_with_its_provider(func: Func, v2: Path) -> None:
    full = {"Sql": {"ConnectionString": "a", "ProviderName": "p"}}
    (v2 / "local.settings.json").write_text(json.dumps({"ConnectionStrings": full}))
    func("settings", "add", "Sql", "b", "--connectionString", cwd=v2)
    assert load(v2)["ConnectionStrings"]["Sql"] == {"ConnectionString": "b", "ProviderName": "p"}  # type: ignore[comparison-overlap]


def test_comments_and_line_ends_stay(func: Func, v2: Path) -> None:
    file = v2 / "local.settings.json"
    file.write_bytes(b'{ // mine\r\n  "Values": {\r\n    "A": "1" // one\r\n  }\r\n}\r\n')
    func("settings", "add", "B", "2", cwd=v2)
    assert file.read_bytes() == (
        b'{ // mine\r\n  "Values": {\r\n    "A": "1", // one\r\n    "B": "2"\r\n  }\r\n}\r\n'
    )


def test_permissions_stay(func: Func, v2: Path) -> None:
    file = v2 / "local.settings.json"
    file.chmod(0o600)
    func("settings", "add", "A", "1", cwd=v2)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_missing_file_is_made(func: Func, tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text("{}")
    func("settings", "add", "A", "1", cwd=tmp_path)
    assert load(tmp_path) == {"IsEncrypted": False, "Values": {"A": "1"}}


def test_no_question_without_a_terminal(func: Func, v2: Path) -> None:
    assert "is missing" in func("settings", "add", "A", cwd=v2, code=1).err


def test_a_value_from_standard_input(v2: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "lazulite.cli", "settings", "add", "A", "-"],
        input=b"secret\n",
        check=True,
        cwd=v2,
        capture_output=True,
    )
    assert load(v2)["Values"]["A"] == "secret"


def test_a_broken_file_is_left_alone(func: Func, v2: Path) -> None:
    file = v2 / "local.settings.json"
    file.write_text('{"Values": {"A": }}')
    err = func("settings", "add", "B", "1", cwd=v2, code=1).err
    assert f"{file}:1:18" in err
    assert file.read_text() == '{"Values": {"A": }}'


def test_encrypt_and_decrypt(func: Func, v2: Path) -> None:
    before = (v2 / "local.settings.json").read_text()
    func("settings", "encrypt", cwd=v2)
    content = (v2 / "local.settings.json").read_text()
    assert "UseDevelopmentStorage" not in content
    assert json.loads(content)["IsEncrypted"] is True
    assert stat.S_IMODE(os.stat(encryption.key_path()).st_mode) == 0o600
    func("settings", "add", "A", "plain", cwd=v2)
    assert "plain" not in (v2 / "local.settings.json").read_text()
    shown = func("settings", "list", "-a", cwd=v2).out
    assert "A = plain" in shown
    assert "AzureWebJobsStorage = UseDevelopmentStorage=true" in shown
    func("settings", "delete", "A", cwd=v2)
    func("settings", "decrypt", cwd=v2)
    assert (v2 / "local.settings.json").read_text() == before
    assert "not encrypted" in func("settings", "decrypt", cwd=v2).out


def test_another_key_does_not_decrypt(
    func: Func, v2: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    func("settings", "encrypt", cwd=v2)
    encrypted = (v2 / "local.settings.json").read_text()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(v2 / "elsewhere"))
    assert "is not there" in func("settings", "decrypt", cwd=v2, code=1).err
    encryption.encrypt("x")
    err = func("settings", "decrypt", cwd=v2, code=1).err
    assert "Failed to decrypt settings." in err
    assert "func settings add FUNCTIONS_WORKER_RUNTIME" in err
    assert (v2 / "local.settings.json").read_text() == encrypted
