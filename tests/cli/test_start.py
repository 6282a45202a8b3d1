"""The options of `func start`, as the host gets them."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from types import ModuleType

import pytest

from lazulite.cli.start import command
from lazulite.host.options import StartOptions
from tests.cli.conftest import Func


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[StartOptions]:
    """A host that only notes what it was asked for."""
    import sys

    calls: list[StartOptions] = []
    host = ModuleType("lazulite.host.main")

    def start(options: StartOptions) -> int:
        calls.append(options)
        return 3

    host.start = start  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "lazulite.host.main", host)
    return calls


def test_every_field_has_its_option() -> None:
    names = {p.name for p in command.params} - {"more", "no_build", "runtime", "language_worker"}
    assert names | {"root"} == {field.name for field in fields(StartOptions)}


def test_defaults_are_the_same_with_and_without_parsing(
    func: Func, v2: Path, started: list[StartOptions]
) -> None:
    func("start", cwd=v2, code=3)
    func("start", "--no-build", cwd=v2, code=3)
    func("host", "start", cwd=v2, code=3)
    assert started == [StartOptions(root=str(v2))] * 3


def test_all_options(func: Func, v2: Path, started: list[StartOptions]) -> None:
    cert = v2 / "site.pem"
    cert.write_text("x")
    func(
        *["start", "-p", "8080", "--address", "0.0.0.0", "--cors", "https://a, https://b"],
        *["--cors-credentials", "--functions", "hello", "nightly", "--timeout", "5"],
        *["--useHttps", "--cert", str(cert), "--password", "x", "--enableAuth"],
        *["--user-log-level", "warning", "--verbose", "--json-output", "--debug-wait"],
        *["--json-output-file", "log.json", "--python", "/usr/bin/python3"],
        cwd=v2,
        code=3,
    )
    assert started == [
        StartOptions(
            root=str(v2),
            port=8080,
            address="0.0.0.0",
            cors=("https://a", "https://b"),
            cors_credentials=True,
            functions=("hello", "nightly"),
            timeout=5,
            use_https=True,
            cert=str(cert),
            password="x",
            enable_auth=True,
            user_log_level="Warning",
            verbose=True,
            json_output=True,
            json_output_file="log.json",
            debug=True,
            debug_wait=True,
            python="/usr/bin/python3",
        )
    ]


def test_functions_by_comma_or_space(func: Func, v2: Path, started: list[StartOptions]) -> None:
    func("start", "--functions", "a,b", "--functions", "c", "--port", "1", cwd=v2, code=3)
    assert started[0].functions == ("a", "b", "c")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["surprise"], "unknown argument surprise"),
        (["--port", "70000"], "--port"),
        (["--port", "abc"], "--port"),
        (["--timeout", "0"], "--timeout"),
        (["--cert", "nowhere.pem"], "nowhere.pem"),
        (["--password", "x"], "--cert"),
        (["--language-worker", "-- -m x"], "--debug"),
    ],
)
def test_bad_options(
    func: Func, v2: Path, started: list[StartOptions], args: list[str], said: str
) -> None:
    assert said in func("start", *args, cwd=v2, code=1).err
    assert started == []
