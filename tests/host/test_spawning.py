"""The template process that is begun on a guess."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from lazulite.host.launch import Launch, command_of
from lazulite.host.spawning import Started, guess, search_path, startup_variables
from lazulite.wire import forkserver
from tests.e2e.harness import APPS, FuncApp


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app's folder, as far as a guess looks."""
    (tmp_path / "host.json").write_text("{}")
    return tmp_path


def plain_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}


def test_a_guess_is_the_template_that_the_app_needs(app: Path) -> None:
    (app / "sub").mkdir()
    environ = plain_environment()
    started = guess(["--port", "0"], environ, str(app / "sub"))
    assert started is not None
    import granian

    assert granian.__file__ is not None
    server = os.path.dirname(os.path.dirname(granian.__file__))
    root = str(app)
    launch = Launch(sys.executable, root, server, tuple(search_path(root)), {})
    environ["SHOP_NAME"] = "set later, in the worker"
    assert started.is_for(command_of(launch), environ)
    assert not started.is_for(command_of(launch), {**environ, "PYTHONHOME": "/x"})
    received = forkserver.receive(started.control)
    assert received is not None
    assert received[0]["ready"] == started.pid
    discard(started)


def discard(started: Started) -> None:
    started.discard()
    with pytest.raises(ChildProcessError):
        os.waitpid(started.pid, 0)


def test_no_guess_where_it_would_be_wrong(
    app: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    environ = plain_environment()
    assert guess(["--python", "/x"], environ, str(app)) is None
    assert guess(["--python=/x"], environ, str(app)) is None
    assert guess(["--help"], environ, str(app)) is None
    assert guess([], environ, str(tmp_path_factory.mktemp("empty"))) is None
    (app / ".venv" / "lib" / "python3.1").mkdir(parents=True)
    assert guess([], environ, str(app)) is None


def test_variables_that_an_interpreter_reads_when_it_starts() -> None:
    environ = {
        "PYTHONPATH": "1",
        "PYTHONUTF8": "1",
        "LD_PRELOAD": "1",
        "LC_ALL": "C",
        "PYTHON_THREADPOOL_THREAD_COUNT": "1",
        "PYTHON_ENABLE_DEBUG_LOGGING": "1",
        "AzureWebJobsStorage": "x",
    }
    assert list(startup_variables(environ)) == ["PYTHONPATH", "PYTHONUTF8", "LD_PRELOAD", "LC_ALL"]


def test_a_wrong_guess_is_mended(tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    (library / "only_here.py").write_text("NAME = 'found'")
    root = tmp_path / "app"
    root.mkdir()
    (root / "host.json").write_text('{"version": "2.0"}')
    values = {"PYTHONPATH": str(library)}
    (root / "local.settings.json").write_text(json.dumps({"IsEncrypted": False, "Values": values}))
    (root / "function_app.py").write_text(
        "import azure.functions as func\nimport only_here\n"
        "app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)\n"
        "@app.route('name')\ndef name(req): return only_here.NAME\n"
    )
    source = os.pathsep.join(sys.path)  # ours is not installed: no variable leads to it
    script = f"import sys; sys.path[:] = {source!r}.split({os.pathsep!r}); sys.argv[0] = 'func'; "
    command = [sys.executable, "-c", script + "from lazulite.cli import main; sys.exit(main())"]
    with FuncApp(root, env={"PYTHONPATH": None}, command=command) as running:
        assert running.client.get("/api/name").text == "found"
        assert len(running.worker_pids) == 1
        assert running.stop() == 0


def test_the_example_of_the_suite_is_guessed_right() -> None:
    environ = {**plain_environment(), "PYTHONPATH": ""}
    started = guess([], environ, str(APPS / "hello"))
    assert started is not None
    discard(started)
