from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lazulite.config.app import Launch, load_app
from lazulite.errors import ConfigError, SettingError


def app(root: Path, *functions: str, **values: Any) -> Path:
    (root / "host.json").write_text('{"version": "2.0"}')
    (root / "local.settings.json").write_text(json.dumps({"Values": values}))
    for name in functions:
        (root / name).mkdir()
        (root / name / "__init__.py").write_text("")
        (root / name / "function.json").write_text(
            '{"bindings": [{"name": "t", "type": "timerTrigger", "schedule": "%EVERY%"}]}'
        )
    return root


def test_a_v1_app(tmp_path: Path) -> None:
    root = app(tmp_path, "B", "a", EVERY="0 * * * * *", FUNCTIONS_WORKER_PROCESS_COUNT=3)
    config = load_app(root, {"HOME": "/h"})
    assert config.root == str(tmp_path)
    assert [spec.name for spec in config.functions] == ["a", "B"]
    assert [spec.error for spec in config.functions] == [None, None]
    assert config.functions[0].bindings[0].get("schedule") == "0 * * * * *"
    assert config.processes == 3
    assert config.host.http.route_prefix == "api"
    assert not config.has_script
    assert config.warnings == ()
    assert config.host_id


def test_the_workers_environment(tmp_path: Path) -> None:
    root = app(tmp_path, "a", EVERY="x", PYTHON_ENABLE_DEBUG_LOGGING="0", MINE="file")
    config = load_app(root, {"MINE": "env", "HOME": "/h"}, Launch(port=9000))
    environ = config.worker_environment("3.12")
    assert environ == {
        "HOME": "/h",
        "MINE": "env",
        "EVERY": "x",
        "PYTHON_ENABLE_DEBUG_LOGGING": "0",
        "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
        "FUNCTIONS_CORETOOLS_ENVIRONMENT": "True",
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "FUNCTIONS_WORKER_RUNTIME_VERSION": "3.12",
        "WEBSITE_HOSTNAME": "localhost:9000",
        "AzureWebJobsScriptRoot": str(tmp_path),
        "AzureFunctionsJobHost__SequentialRestart": "true",
    }
    assert config.worker_environment("3.12", 4321)["WEBSITE_HOSTNAME"] == "localhost:4321"
    assert any("Skipping 'MINE' from local settings" in line for line in config.messages)


def test_ports(tmp_path: Path) -> None:
    app(tmp_path)
    assert load_app(tmp_path, {}).settings["WEBSITE_HOSTNAME"] == "localhost:7071"
    (tmp_path / "local.settings.json").write_text('{"Host": {"LocalHttpPort": 8123}}')
    assert load_app(tmp_path, {}).settings["WEBSITE_HOSTNAME"] == "localhost:8123"
    assert load_app(tmp_path, {}, Launch(1)).settings["WEBSITE_HOSTNAME"] == "localhost:1"


def test_outside_development(tmp_path: Path) -> None:
    app(tmp_path)
    environ = {"AZURE_FUNCTIONS_ENVIRONMENT": "Production"}
    assert "is set to 'Development' here" in load_app(tmp_path, environ).messages[0]
    settings = load_app(tmp_path, environ, Launch(development=False)).settings
    assert settings["AZURE_FUNCTIONS_ENVIRONMENT"] == "Production"
    assert "WEBSITE_HOSTNAME" not in settings
    assert "PYTHON_ENABLE_DEBUG_LOGGING" not in settings


def test_the_allow_list(tmp_path: Path) -> None:
    root = app(tmp_path, "a", "b", "c", EVERY="x")
    config = load_app(root, {}, Launch(functions=("B", "c")))
    assert [spec.name for spec in config.functions] == ["b", "c"]
    assert config.host.functions == ("B", "c")
    assert config.settings["AzureFunctionsJobHost__functions__1"] == "c"
    assert (
        "A function allow list has been specified, excluding all but the following functions: "
        "[B, c]" in config.messages
    )
    (root / "host.json").write_text('{"version": "2.0", "functions": ["a", "b", "c"]}')
    assert len(load_app(root, {}, Launch(functions=("a",))).functions) == 1


def test_host_settings_in_the_settings_file(tmp_path: Path) -> None:
    app(tmp_path, AzureFunctionsJobHost__extensions__http__routePrefix="v9")
    assert load_app(tmp_path, {}).host.http.route_prefix == "v9"


def test_the_users_log_level(tmp_path: Path) -> None:
    app(tmp_path)
    launch = Launch(user_log_level="Debug")
    config = load_app(tmp_path, {}, launch)
    assert config.host.logging.levels.find("Function.a.User") == 10
    assert config.settings["AzureFunctionsJobHost__logging__logLevel__Function"] == "Debug"
    (tmp_path / "host.json").write_text(
        '{"version": "2.0", "logging": {"logLevel": {"Function": "Error"}}}'
    )
    assert load_app(tmp_path, {}, launch).host.logging.levels.find("Function.a") == 40
    with pytest.raises(SettingError, match="'Loud' is no log level"):
        load_app(tmp_path, {}, Launch(user_log_level="Loud"))


def test_a_v2_app(tmp_path: Path) -> None:
    app(tmp_path, PYTHON_SCRIPT_FILE_NAME="my-app.py")
    (tmp_path / "my-app.py").write_text("")
    config = load_app(tmp_path, {})
    assert config.script_name == "my-app.py"
    assert config.has_script
    assert config.functions == ()
    assert config.warnings == ()


@pytest.mark.parametrize("name", ["a.txt", "../a.py", "a b.py", "-a.py", "a.py\n"])
def test_wrong_script_names(tmp_path: Path, name: str) -> None:
    app(tmp_path, PYTHON_SCRIPT_FILE_NAME=name)
    with pytest.raises(SettingError, match="Invalid file name: "):
        load_app(tmp_path, {})


@pytest.mark.parametrize(("raw", "count"), [("0", 1), ("-4", 1), ("10", 10), ("", 1)])
def test_process_counts(tmp_path: Path, raw: str, count: int) -> None:
    app(tmp_path)
    assert load_app(tmp_path, {"FUNCTIONS_WORKER_PROCESS_COUNT": raw}).processes == count


@pytest.mark.parametrize("raw", ["11", "two"])
def test_wrong_process_counts(tmp_path: Path, raw: str) -> None:
    app(tmp_path)
    with pytest.raises(SettingError, match=f"from 1 to 10, not '{raw}'"):
        load_app(tmp_path, {"FUNCTIONS_WORKER_PROCESS_COUNT": raw})


def test_another_language(tmp_path: Path) -> None:
    app(tmp_path, FUNCTIONS_WORKER_RUNTIME="node")
    with pytest.raises(SettingError, match="FUNCTIONS_WORKER_RUNTIME is 'node'"):
        load_app(tmp_path, {})


def test_no_functions(tmp_path: Path) -> None:
    (warning,) = load_app(tmp_path, {}).warnings
    assert warning.message == "No functions were found."
    assert "func new" in (warning.hint or "")
    (tmp_path / "inner").mkdir()
    app(tmp_path / "inner")
    (warning,) = load_app(tmp_path, {}).warnings
    assert f"There is a host.json in {tmp_path}/inner" in (warning.hint or "")


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f'"{tmp_path}/none" doesn\'t exist.'):
        load_app(tmp_path / "none", {})


def test_a_broken_settings_file_does_not_stop_the_app(tmp_path: Path) -> None:
    app(tmp_path, "a")
    (tmp_path / "local.settings.json").write_text("{")
    config = load_app(tmp_path, {"EVERY": "x"})
    assert len(config.warnings) == 1
    assert config.functions[0].error is None


def test_reading_an_app_imports_little() -> None:
    code = (
        "import sys; import lazulite.config.app, lazulite.config.python, lazulite.config.storage;"
        "heavy = {'asyncio', 'importlib.metadata', 'subprocess', 'socket', 'logging',"
        " 'shutil', 'typing_extensions'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PYTHONPATH": str(Path(__file__).parents[2] / "src")},
    )
    assert done.stdout == "[]\n", done.stderr
