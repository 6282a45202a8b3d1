from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from importlib.metadata import entry_points
from pathlib import Path

from tests.testing.conftest import KIT

SOURCES = Path(__file__).parent.parent.parent / "src"
FUNCTION = """
{"scriptFile": "__init__.py", "bindings": [
    {"type": "httpTrigger", "direction": "in", "name": "req", "authLevel": "anonymous"},
    {"type": "http", "direction": "out", "name": "$return"}]}
"""


def make(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    return folder


def v1_app(name: str, text: str) -> dict[str, str]:
    return {
        f"{name}/host.json": '{"version": "2.0"}',
        f"{name}/say/function.json": FUNCTION,
        f"{name}/say/__init__.py": f"def main(req):\n    return {text!r}\n",
    }


def run_pytest(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a folder, as its user would; without this project's other plugins, which take
    longer to import than the tests to run."""
    installed = any(e.name == "lazulite" for e in entry_points(group="pytest11"))
    plugin = [] if installed else ["-p", "lazulite.testing.plugin"]
    plugin += ["-p", "no:hypothesispytest", "-p", "no:anyio"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugin, *args],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(SOURCES), "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def passed(run: subprocess.CompletedProcess[str], count: int) -> None:
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{count} passed" in run.stdout


def test_an_app_named_in_the_configuration(tmp_path: Path) -> None:
    files = {
        **v1_app("my_functions", "hello"),
        "pytest.ini": "[pytest]\nlazulite_app = my_functions\n",
        "tests/test_say.py": """
            from __app__.say import main

            def test_unit():
                assert main(None) == "hello"

            def test_app(func_app):
                assert func_app.get("/api/say").text == "hello"
        """,
        "tests/conftest.py": "from __app__ import say\n",
    }
    passed(run_pytest(make(tmp_path, files)), 2)


def test_an_app_beside_the_tests_is_found(tmp_path: Path) -> None:
    files = {
        **v1_app("__app__", "hello"),
        "tests/test_say.py": """
            from __app__.say import main

            def test_app(func_app):
                assert func_app.get("/api/say").text == main(None)
        """,
    }
    passed(run_pytest(make(tmp_path, files)), 1)
    passed(run_pytest(tmp_path / "tests"), 1)


def test_several_apps_in_one_run(tmp_path: Path) -> None:
    test = """
        from unittest import mock
        from __app__.say import main

        def test_unit(func_app):
            assert func_app.get("/api/say").text == main(None) == "{}"
            with mock.patch("__app__.say.main", lambda req: "patched"):
                from __app__ import say
                assert say.main(None) == "patched"
    """
    files: dict[str, str] = {}
    for name in ("one", "two"):
        files |= v1_app(f"{name}/__app__", name)
        files[f"{name}/tests/test_{name}.py"] = test.format(name)
    passed(run_pytest(make(tmp_path, files)), 2)


def test_a_conftest_imports_the_app_too(tmp_path: Path) -> None:
    files: dict[str, str] = {}
    for name in ("one", "two"):
        files |= v1_app(f"{name}/__app__", name)
        files[f"{name}/tests/conftest.py"] = """
            import pytest
            from __app__ import say

            @pytest.fixture
            def said():
                return say.main(None)
        """
        files[f"{name}/tests/test_{name}.py"] = f"""
            def test_fixture(said):
                assert said == {name!r}
        """
    make(tmp_path, files)

    passed(run_pytest(tmp_path), 2)
    passed(run_pytest(tmp_path, "two/tests", "one/tests/test_one.py::test_fixture"), 2)
    passed(run_pytest(tmp_path / "one"), 1)
    passed(run_pytest(tmp_path / "two" / "tests", "--import-mode=importlib"), 1)


def test_a_configured_app_that_is_not_there(tmp_path: Path) -> None:
    files = {
        "pytest.ini": "[pytest]\nlazulite_app = none\n",
        "test_yes.py": "def test_yes(): pass\n",
    }
    run = run_pytest(make(tmp_path, files))

    assert run.returncode == 4
    assert run.stderr.strip() == (
        f"ERROR: lazulite_app = none: there is no folder {tmp_path}/none. Name the folder of the "
        f"function app, by {tmp_path}/pytest.ini."
    )


def test_a_marked_test_has_another_app(tmp_path: Path) -> None:
    files = {
        **v1_app("__app__", "hello"),
        **v1_app("other", "other"),
        "test_say.py": """
            import pytest

            @pytest.mark.lazulite_app("other", settings={"A": "1"})
            def test_other(func_app):
                assert func_app.get("/api/say").text == "other"

            def test_both(func_app, func_client_factory):
                other = func_client_factory("other")
                answers = [c.get("/api/say").text for c in (func_app, other)]
                assert answers == ["hello", "other"]
        """,
    }
    passed(run_pytest(make(tmp_path, files), "--strict-markers"), 2)


def test_each_test_has_a_clean_environment(tmp_path: Path) -> None:
    files = {
        **v1_app("__app__", "hello"),
        "__app__/say/__init__.py": """
            import os
            seen = []
            def main(req):
                os.environ["LEFT"] = "behind"
                seen.append(1)
                return str(len(seen))
        """,
        "test_say.py": """
            import os

            def test_one(func_app):
                assert func_app.get("/api/say").text == "1"

            def test_two(func_app):
                assert "LEFT" not in os.environ
                assert func_app.get("/api/say").text == "1"
        """,
    }
    passed(run_pytest(make(tmp_path, files)), 2)


def test_a_failed_test_tells_what_the_app_did(tmp_path: Path) -> None:
    files = {
        "test_kit.py": f"""
            def test_wrong(func_client_factory):
                client = func_client_factory({str(KIT)!r})
                assert client.get("/api/items/7").status_code == 404
        """,
    }
    run = run_pytest(make(tmp_path, files))

    assert run.returncode == 1
    assert "Function invocations in" in run.stdout
    assert "item (succeeded" in run.stdout
    assert "    [Information] asked for 7" in run.stdout


def test_without_an_app(tmp_path: Path) -> None:
    files = {"test_no.py": "def test_no(func_app): pass\n", "test_yes.py": "def test_yes(): pass\n"}
    run = run_pytest(make(tmp_path, files))

    assert "1 passed, 1 error" in run.stdout
    assert "lazulite_app = ..." in run.stdout


def test_the_plugin_imports_next_to_nothing() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import lazulite.testing.plugin; "
        "print(*sorted(set(sys.modules) - before))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(SOURCES)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.split() == [
        "lazulite",
        "lazulite.testing",
        "lazulite.testing.imports",
        "lazulite.testing.plugin",
    ]
