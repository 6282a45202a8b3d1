"""The script that captures docs/session.md, as far as it can be tested without a session."""

from __future__ import annotations

import importlib.util
import inspect
import os
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("session", ROOT / "scripts" / "session.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_differs_is_masked(script: ModuleType) -> None:
    texts = [
        "[{0}.{1:03d}Z] Executed (Succeeded, Id={2}, Duration={3}ms) in {4}/demo ({3} ms) at {0}Z, "
        "{0}+00:00 and {0}.{1:03d}0Z\n$ func start --port {5}\nhttp://localhost:{5}/api".format(
            *values
        )
        for values in (
            ("2026-11-24T02:31:09", 7, "0a1b2c3d-0000-4000-8000-00000000000f", 3, "/tmp/x", 40001),
            ("2027-01-02T23:59:59", 123, "ffffffff-1111-4111-9111-111111111111", 41, "/y", 8080),
        )
    ]
    masked = [
        script.mask(texts[0], "/tmp/x", 40001),
        script.mask(texts[1], "/y", 8080),
    ]
    assert masked[0] == masked[1]
    assert "http://localhost:7071/api" in masked[0]
    assert "$ func start\n" in masked[0]
    assert "/home/you/demo" in masked[0]
    assert script.mask(masked[0], "/tmp/x", 40001) == masked[0]


def test_a_terminal_shows_what_is_typed_and_printed(script: ModuleType, tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    with script.Terminal(str(tmp_path), environ) as terminal:
        terminal.run("test -t 1 && echo a terminal")
        terminal.type("sh -c 'echo up; exec cat'\n")
        terminal.wait_for("\nup\n")
        terminal.type("\x03")
        terminal.wait_for(script.PROMPT)
        assert terminal.shown() == (
            "$ test -t 1 && echo a terminal\na terminal\n$ sh -c 'echo up; exec cat'\nup\n^C"
        )
        terminal.type("exit\n")
        with pytest.raises(TimeoutError, match="the terminal ended before 'more'"):
            terminal.wait_for("more")


def test_the_page_is_of_this_script(script: ModuleType) -> None:
    page = script.PAGE.read_text()
    assert page.startswith(script.INTRODUCTION)
    assert script.mask(page, "/nowhere", 1) == page
    source = inspect.getsource(script.session)
    typed = [text for _, text in re.findall(r"""\.run\((['"])(.*)\1\)""", source)]
    shown = re.findall(r"^\$ (.*)$", page, re.M)
    assert len(typed) >= 9
    assert sorted(shown) == sorted([*typed, "func start"])


def test_commands_of_the_page_are_those_there_are(script: ModuleType) -> None:
    from lazulite.cli.table import VERBS

    for line in re.findall(r"^\$ func (\w+)", script.PAGE.read_text(), re.M):
        assert line in VERBS
