from __future__ import annotations

from pathlib import Path

import pytest

from lazulite.config.settings import (
    LocalHost,
    LocalSettings,
    load_local_settings,
    merge_environment,
)
from lazulite.errors import SettingError


def load(folder: Path, content: str) -> LocalSettings:
    (folder / "local.settings.json").write_text(content)
    return load_local_settings(folder)


def test_no_file(tmp_path: Path) -> None:
    settings = load_local_settings(tmp_path)
    assert not settings.exists
    assert settings.file == str(tmp_path / "local.settings.json")
    assert settings.warnings == ()


def test_a_whole_file(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        """{
          // no IsEncrypted
          "Values": {"A": "text", "B": true, "C": 3, "D": null, "E": 1.5},
          "ConnectionStrings": {"One": "cs1", "Two": {"ConnectionString": "cs2"}},
          "Host": {"LocalHttpPort": 8080, "LocalHttpAddress": "0.0.0.0",
                   "cors": "http://a, http://b", "CORSCredentials": true},
        }""",
    )
    assert settings.exists
    assert not settings.encrypted
    assert settings.values == {"A": "text", "B": "True", "C": "3", "E": "1.5"}
    assert settings.nulls == ("D",)
    assert settings.connection_strings == {"One": "cs1", "Two": "cs2"}
    assert settings.host == LocalHost(8080, "0.0.0.0", "http://a, http://b", True)
    assert settings.host.origins == ("http://a", "http://b")
    assert settings.warnings == ()


def test_the_environment_wins(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        '{"Values": {"A": "file", "B": "b", "N": null}, "ConnectionStrings": {"One": "cs"}}',
    )
    merged, messages = merge_environment(settings, {"A": "env", "HOME": "/h"})
    assert merged == {"A": "env", "B": "b", "HOME": "/h", "ConnectionStrings:One": "cs"}
    assert messages == (
        "Skipping 'A' from local settings as it's already defined in current environment "
        "variables.",
        "Skipping 'N' because value is null",
    )


@pytest.mark.parametrize(
    ("content", "place"), [('{"Values": {"A": 1', ":1:12"), ("[]", ":1:1"), ("", ":1:1")]
)
def test_a_file_that_is_no_json_is_a_warning(tmp_path: Path, content: str, place: str) -> None:
    settings = load(tmp_path, content)
    assert settings.exists
    assert settings.values == {}
    (warning,) = settings.warnings
    assert str(warning.where) == f"{settings.file}{place}"
    assert warning.message.startswith(
        f"Failed to read app settings file at '{settings.file}'. Ensure it is a valid JSON file. "
    )


def test_a_wrong_value_costs_only_itself(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        '{"Values": {"A": "a",\n "B": {"c": 1},\n "D": [1],\n "E=F": "x",\n "G": "\\u0000"},\n'
        '"ConnectionStrings": 3,\n"Host": {"LocalHttpPort": 99999}}',
    )
    assert settings.values == {"A": "a"}
    assert [(w.where and w.where.line, w.message) for w in settings.warnings] == [
        (2, "'Values.B' must be a text, not an object."),
        (3, "'Values.D' must be a text, not a list."),
        (4, "'E=F' cannot be the name of an environment variable; it is not used."),
        (5, "'Values.G' holds a NUL character."),
        (6, "'ConnectionStrings' must be an object."),
        (7, "'Host.LocalHttpPort' must be a whole number from 1 to 65535, not 99999."),
    ]
    assert settings.host == LocalHost()


def test_names_that_differ_in_case_are_two(tmp_path: Path) -> None:
    assert load(tmp_path, '{"Values": {"a": "1", "A": "2"}}').values == {"a": "1", "A": "2"}


def test_encrypted_without_a_key(tmp_path: Path) -> None:
    settings = load(tmp_path, '{"IsEncrypted": true,\n"Values": {"A": "x"}}')
    assert settings.values == {}
    (warning,) = settings.warnings
    assert warning.message.startswith("Failed to decrypt settings.")
    assert warning.where is not None
    assert warning.where.line == 1


def test_encrypted(tmp_path: Path) -> None:
    def decrypt(token: str, name: str, file: str) -> str:
        if token == "bad":
            raise SettingError(f"{name} in {file}")
        return token[::-1]

    (tmp_path / "local.settings.json").write_text(
        '{"IsEncrypted": true, "Values": {"A": "cba", "B": "bad"}, '
        '"ConnectionStrings": {"C": "fed"}}'
    )
    settings = load_local_settings(tmp_path, decrypt)
    assert settings.encrypted
    assert settings.values == {"A": "abc"}
    assert settings.connection_strings == {"C": "def"}
    assert [w.message for w in settings.warnings] == [f"B in {settings.file}"]
