"""`func start` with what it cannot use: one message each, and no app."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Func
from tests.making import V2, make

SCRIPT = V2 + "@app.route()\ndef one(req): return 'x'\n"


@pytest.mark.parametrize(
    ("files", "args", "message"),
    [
        ({"host.json": '{"version": "2.0",\n "x" 1}'}, [], "host.json:2:6"),
        ({"host.json": "[]"}, [], "host.json"),
        ({"host.json": '{"version": "7"}'}, [], "host.json"),
        ({"host.json": '{"version": "2.0", "functionTimeout": "soon"}'}, [], "functionTimeout"),
        (
            {"local.settings.json": '{"Values": {"FUNCTIONS_WORKER_RUNTIME": "node"}}'},
            [],
            "FUNCTIONS_WORKER_RUNTIME is 'node', and only Python apps can be run.",
        ),
        (
            {"local.settings.json": '{"Values": {"PYTHON_SCRIPT_FILE_NAME": "a b.py"}}'},
            [],
            "Invalid file name: a b.py",
        ),
        (
            {"local.settings.json": '{"Values": {"FUNCTIONS_WORKER_PROCESS_COUNT": "many"}}'},
            [],
            "FUNCTIONS_WORKER_PROCESS_COUNT must be a whole number from 1 to 10, not 'many'.",
        ),
        ({}, ["--python", "/no/such/python"], "The Python interpreter '/no/such/python' does not"),
        ({}, ["--python", __file__], "is not executable"),
        (
            {
                "local.settings.json": '{"Values": {"languageWorkers:python:defaultExecutablePath":'
                ' "/no/python3"}}'
            },
            [],
            "'/no/python3' does not exist; it was chosen by the setting",
        ),
        ({}, ["--user-log-level", "Loud"], "'Loud' is not one of"),
        ({}, ["--address", "no.such.host.invalid"], "is not known"),
        ({}, ["--json-output-file", "/no/such/folder/x"], "/no/such/folder/x"),
        ({}, ["surprise"], "surprise"),
    ],
)
def test_wrong_input_ends_in_one_message(
    func: Func, tmp_path: Path, files: dict[str, str], args: list[str], message: str
) -> None:
    root = make(tmp_path, {"function_app.py": SCRIPT, **files})

    done = func("start", "--port", "0", *args, cwd=root, code=1)

    assert message in done.out + done.err
    assert "Traceback" not in done.out + done.err
    assert "Something went wrong" not in done.out + done.err
