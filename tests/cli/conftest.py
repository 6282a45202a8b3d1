"""The command as a function, and apps to run it on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from lazulite.cli.run import run


@dataclass(frozen=True)
class Done:
    """What a command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str


Func = Callable[..., Done]


@pytest.fixture
def func(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Func:
    """Run `func ARGS` in `cwd`, in this process; fails the test on an unexpected exit code."""
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)

    def call(*args: str, cwd: Path, code: int | None = 0) -> Done:
        monkeypatch.chdir(cwd)
        capfd.readouterr()
        result = run(["func", *args])
        out, err = capfd.readouterr()
        if code is not None:
            assert result == code, out + err
        assert "Traceback" not in err or "lazulite" not in err.partition("Traceback")[2]
        return Done(result, out, err)

    return call


@pytest.fixture
def v2(func: Func, tmp_path: Path) -> Path:
    func("init", "demo", cwd=tmp_path)
    return tmp_path / "demo"


@pytest.fixture
def v1(func: Func, tmp_path: Path) -> Path:
    func("init", "demo1", "--model", "V1", cwd=tmp_path)
    return tmp_path / "demo1"
