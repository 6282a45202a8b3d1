"""What the console shows, and how."""

from __future__ import annotations

import io
import json

import pytest

from lazulite.config.loglevels import LogLevels
from lazulite.telemetry.console import Console, Filter, wants_colour

TIME = 1_700_000_000.5
STAMP = "[2023-11-14T22:13:20.500Z]"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environ", "terminal", "colour"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
    ],
)
def test_colour(environ: dict[str, str], terminal: bool, colour: bool) -> None:
    assert wants_colour(Terminal() if terminal else io.StringIO(), environ) is colour


def test_lines_on_a_terminal_and_elsewhere() -> None:
    plain, coloured = io.StringIO(), io.StringIO()
    for out, colour in ((plain, False), (coloured, True)):
        Console(out, Filter(LogLevels()), colour).record(
            "Error", "Function.f.User", "one\ntwo", time=TIME
        )
    assert plain.getvalue() == f"{STAMP} one\n{STAMP} two\n"
    assert coloured.getvalue() == (f"\x1b[31m{STAMP} one\x1b[0m\n\x1b[31m{STAMP} two\x1b[0m\n")


def test_json_lines_hold_everything_and_nothing_else() -> None:
    out = io.StringIO()
    console = Console(out, Filter(LogLevels()), True, as_json=True)
    console.text("for people")
    console.record("Warning", "Function.f.User", "ğ\n2", time=TIME, function="f", invocationId="")
    (line,) = out.getvalue().splitlines()
    assert json.loads(line) == {
        "time": STAMP[1:-1],
        "level": "Warning",
        "category": "Function.f.User",
        "message": "ğ\n2",
        "function": "f",
    }


@pytest.mark.parametrize(
    ("levels", "verbose", "category", "level", "shown"),
    [
        (LogLevels(), False, "Function.f.User", "Information", True),
        (LogLevels(), False, "Function.f.User", "Debug", False),
        (LogLevels(), False, "Host.Startup", "Information", False),
        (LogLevels(), False, "Host.Startup", "Warning", True),
        (LogLevels(), True, "Host.Startup", "Information", True),
        (LogLevels(), False, "Host.Function.Console", "Information", True),
        (LogLevels(), False, "Mine", "Information", True),
        (LogLevels(default=40), False, "Function.f", "Warning", False),
        (LogLevels(default=20), False, "Host.Startup", "Information", True),
        (LogLevels(20, {"function.f": 30}), False, "Function.f.User", "Information", False),
        (LogLevels(20, {"function.f": 30}), False, "Function.g.User", "Information", True),
        (LogLevels(None, {"function": 100}), False, "Function.f", "Critical", False),
    ],
)
def test_which_records_are_shown(
    levels: LogLevels, verbose: bool, category: str, level: str, shown: bool
) -> None:
    assert Filter(levels, verbose).shows(level, category, "m") is shown


def test_some_messages_are_always_shown() -> None:
    quiet = Filter(LogLevels(default=100))
    assert quiet.shows("Information", "Host", "Worker process started and initialized.")


@pytest.mark.parametrize(
    ("levels", "least"),
    [
        (LogLevels(), 20),
        (LogLevels(default=40), 40),
        (LogLevels(40, {"function.a": 10, "function.b": 30}), 10),
        (LogLevels(40, {"host": 5}), 40),
        (LogLevels(5), 1),
    ],
)
def test_the_least_severe_level_of_any_function(levels: LogLevels, least: int) -> None:
    assert Filter(levels).least_severe == least


def test_a_log_file_that_cannot_be_written_ends_itself_alone() -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    out = io.StringIO()
    console = Console(out, Filter(LogLevels()), False)
    console.also(Full())
    console.record("Information", "Function.f", "one")
    console.record("Information", "Function.f", "two")
    said = [line.partition("] ")[2] for line in out.getvalue().splitlines()]
    assert said == [
        "The log file cannot be written: [Errno 28] No space left on device",
        "one",
        "two",
    ]
