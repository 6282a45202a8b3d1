"""The command line as a whole: exit codes, stdout and stderr, suggestions, help, completion."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lazulite import __version__
from lazulite.cli.options import resolve, take_global
from lazulite.cli.table import ALIASES, NOT_OFFERED, VERBS
from lazulite.errors import UsageError
from tests.cli.conftest import Func

COMMANDS = [
    *([verb] for verb in VERBS),
    *(["settings", verb] for verb in ("list", "add", "delete", "encrypt", "decrypt")),
    ["templates", "list"],
    *(["keys", verb] for verb in ("list", "show", "set", "delete")),
    *(["storage", group] for group in ("queue", "blob", "table")),
    *(
        ["storage", "queue", verb]
        for verb in ("list", "put", "peek", "length", "clear", "create", "delete")
    ),
    *(["storage", "blob", verb] for verb in ("containers", "list", "put", "get", "delete")),
    *(["storage", "table", verb] for verb in ("list", "query", "put", "delete", "drop")),
]


def test_version_and_nothing_else(func: Func, tmp_path: Path) -> None:
    for flag in ("--version", "-v"):
        assert func(flag, cwd=tmp_path).out == f"{__version__}\n"


def test_help_lists_every_verb(func: Func, tmp_path: Path) -> None:
    for args in ([], ["--help"], ["-h"], ["help"]):
        out = func(*args, cwd=tmp_path).out
        for verb, (_, text) in VERBS.items():
            assert re.search(rf"^  {verb} +{re.escape(text)}", out, re.M)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_examples(
    func: Func, tmp_path: Path, command: list[str]
) -> None:
    out = func(*command, "--help", cwd=tmp_path).out
    assert "Examples:" in out
    assert f"func {' '.join(command)}" in out.split("Examples:")[1]


def test_every_command_has_its_page() -> None:
    pages = Path(__file__).parents[2] / "docs" / "commands"
    index = (pages / "README.md").read_text()
    for verb in VERBS:
        assert (pages / f"{verb}.md").read_text().startswith(f"# func {verb}\n")
        assert f"[`func {verb}`]({verb}.md)" in index


def test_help_imports_no_verb() -> None:
    script = (
        "import sys\n"
        "from lazulite.cli.run import run\n"
        "run(['func', '--help'])\n"
        "print(*sorted(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not loaded & {module for module, _ in VERBS.values()}
    assert not loaded & {"asyncio", "json", "pathlib", "azure", "granian"}


def test_start_without_options_needs_no_command_line_library(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text('{"version": "2.0"}')
    script = (
        "import sys, types\n"
        "host = types.ModuleType('lazulite.host.main')\n"
        "host.start = lambda options: print(options.root) or 7\n"
        "sys.modules['lazulite.host.main'] = host\n"
        "from lazulite.cli.run import run\n"
        "code = run(['func', 'start'])\n"
        "print(code, 'click' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.splitlines() == [str(tmp_path), "7 False"]


def test_a_mistyped_command_is_an_error_with_a_suggestion(func: Func, tmp_path: Path) -> None:
    done = func("strat", cwd=tmp_path, code=1)
    assert done.err == "Error: unknown argument strat\n  Did you mean `func start`?\n"
    assert done.out == ""
    assert "func --help" in func("qqqqqq", cwd=tmp_path, code=1).err


@pytest.mark.parametrize("name", NOT_OFFERED)
def test_what_is_not_offered_says_why(func: Func, tmp_path: Path, name: str) -> None:
    done = func(name, "anything", "--flag", cwd=tmp_path, code=1)
    assert done.out == ""
    assert done.err.strip() == NOT_OFFERED[name]


def test_usage_errors_end_with_one(func: Func, tmp_path: Path) -> None:
    done = func("init", "--nonsense", cwd=tmp_path, code=1)
    assert "--nonsense" in done.err
    assert "func init --help" in done.err


def test_no_project(func: Func, tmp_path: Path) -> None:
    for command in (["start"], ["settings", "list"], ["new"], ["pack"]):
        err = func(*command, cwd=tmp_path, code=1).err
        assert err.startswith(
            "Unable to find project root. Expecting to find one of host.json, local.settings.json "
            "in project root."
        )


def test_script_root_anywhere(func: Func, v2: Path, tmp_path: Path) -> None:
    for args in (
        ["--script-root", str(v2), "settings", "list"],
        ["settings", "list", "--prefix", "demo"],
        ["settings", f"--script-root={v2}", "list"],
    ):
        assert "AzureWebJobsStorage = *****" in func(*args, cwd=tmp_path).out
    err = func("settings", "list", "--script-root", "nowhere", cwd=tmp_path, code=1).err
    assert err == f'"{tmp_path / "nowhere"}" doesn\'t exist.\n'


def test_a_folder_inside_the_app_finds_it(func: Func, v2: Path) -> None:
    inside = v2 / "a" / "b"
    inside.mkdir(parents=True)
    assert "AzureWebJobsStorage" in func("settings", "list", cwd=inside).out


def test_global_options_are_taken_off() -> None:
    assert take_global(["--offline", "new", "--debug", "-n", "x"]) == (
        ["new", "-n", "x"],
        None,
        True,
    )
    assert take_global(["host", "start", "--debug", "--verbose"])[0] == [
        "host",
        "start",
        "--debug",
        "--verbose",
    ]
    assert take_global(["--prefix", "start", "new", "--verbose"]) == (["new"], "start", False)
    assert take_global(["settings", "add", "A", "--", "--debug"])[0][-1] == "--debug"
    with pytest.raises(UsageError):
        take_global(["start", "--script-root"])


def test_aliases() -> None:
    for alias, target in ALIASES.items():
        assert resolve([*alias, "-x"]) == [*target, "-x"]
    assert resolve(["help", "new"]) == ["new", "--help"]


def test_no_color_and_force_color(
    func: Func, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "\x1b" not in func("strat", cwd=tmp_path, code=1).err
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[31m" in func("strat", cwd=tmp_path, code=1).err
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in func("strat", cwd=tmp_path, code=1).err


def test_a_bug_is_one_line_unless_debugged(
    func: Func, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("gone")

    monkeypatch.setattr("lazulite.cli.run.resolve", broken)
    err = func("new", cwd=tmp_path, code=1).err
    assert "RuntimeError: gone" in err
    assert "--debug" in err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(func: Func, tmp_path: Path, shell: str) -> None:
    out = func("completion", shell, cwd=tmp_path).out
    assert "_FUNC_COMPLETE" in out
    assert "func" in out


def complete(words: str, tmp_path: Path) -> list[str]:
    environ = {
        **os.environ,
        "_FUNC_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    script = "import sys; from lazulite.cli.run import run; sys.exit(run(['func']))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environ, cwd=tmp_path
    )
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


def test_completions(tmp_path: Path) -> None:
    assert complete("func se", tmp_path) == ["settings"]
    assert complete("func settings en", tmp_path) == ["encrypt"]
    assert "--port" in complete("func start --p", tmp_path)
    assert complete("func new --template Tim", tmp_path) == ["Timer trigger"]


def test_completion_of_function_names(func: Func, v2: Path, tmp_path: Path) -> None:
    for name in ("hello", "help_me", "other"):
        func("new", "-t", "HTTP trigger", "-n", name, cwd=v2)
    assert complete("func invoke hel", v2) == ["hello", "help_me"]
    assert complete("func keys list --function o", v2) == ["other"]
    assert complete("func invoke hel", tmp_path) == []
