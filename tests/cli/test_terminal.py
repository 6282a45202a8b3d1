"""Questions are asked on a terminal, and there only."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path


def at_terminal(cwd: Path, talk: list[tuple[str, str]], *args: str) -> tuple[int, str]:
    """Run `func ARGS` on a pseudo-terminal; `talk`: what to wait for, and what to type then.

    Returns the exit code and all that was shown.
    """
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "lazulite.cli", *args],
        cwd=cwd,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        env={k: v for k, v in os.environ.items() if k != "NO_COLOR"},
    )
    os.close(theirs)
    shown, seen, pending = b"", 0, list(talk)
    while True:
        try:
            block = os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
        if not block:
            break
        shown += block
        while pending and (at := shown.find(pending[0][0].encode(), seen)) >= 0:
            seen = at + len(pending[0][0])
            os.write(ours, pending.pop(0)[1].encode())
    os.close(ours)
    assert not pending, shown
    return process.wait(), shown.decode()


def test_new_asks_for_template_and_name(v2: Path) -> None:
    talk = [("Choose [1]: ", "nonsense\n"), ("Choose [1]: ", "2\n"), ("Function name", "\n")]
    code, shown = at_terminal(v2, talk, "new")
    assert code == 0, shown
    assert "Type a number from 1 to" in shown
    assert "2. Timer trigger" in shown
    assert "def timer_trigger(" in (v2 / "function_app.py").read_text()


def test_a_secret_is_asked_for_and_not_shown(v2: Path) -> None:
    code, shown = at_terminal(v2, [("Value: ", "hush\n")], "settings", "add", "SECRET")
    assert code == 0, shown
    assert "hush" not in shown
    assert '"SECRET": "hush"' in (v2 / "local.settings.json").read_text()


def test_end_of_input_ends_the_question(v2: Path) -> None:
    code, shown = at_terminal(v2, [("Choose [1]: ", "\x04")], "new")
    assert code == 1
    assert "Interrupted." in shown


def test_errors_are_red_on_a_terminal(tmp_path: Path) -> None:
    code, shown = at_terminal(tmp_path, [], "strat")
    assert code == 1
    assert "\x1b[31m" in shown


def test_a_call_that_starts_the_app_says_so(v2: Path) -> None:
    code, shown = at_terminal(v2, [], "new", "-t", "HTTP trigger", "-n", "hello")
    assert code == 0, shown
    code, shown = at_terminal(v2, [], "invoke", "hello", "-q", "name=you")
    assert code == 0, shown
    assert "Starting the app for this call..." in shown
    assert shown.endswith("Hello, you!\r\n")
