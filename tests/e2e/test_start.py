"""What `func start` says and does: the list of functions, broken functions, wrong input."""

from __future__ import annotations

import json
import re
import shutil
import socket
from pathlib import Path

from tests.e2e.harness import APPS, FuncApp
from tests.making import V2, make


def test_broken_functions_leave_the_others_alone(tmp_path: Path) -> None:
    root = shutil.copytree(APPS / "broken_v1", tmp_path / "app")
    (root / "syntax" / "__init__.py").write_text("def main(req)\n    return 'never'\n")
    with FuncApp(root) as app:
        text = app.wait_for("For detailed output")
        assert app.client.get("/api/good").text == "hello"
        assert app.client.get("/api/async_one").text == "hello"

        errors = {
            "syntax": f"{root}/syntax/__init__.py:1: SyntaxError: ",
            "missing": f"{root}/missing/__init__.py:1: ModuleNotFoundError: No module named "
            "'no_such_module_anywhere'. Cannot find module. Please check the requirements.txt",
            "misfit": f"{root}/misfit/__init__.py:1: cannot load the misfit function: the "
            "following parameters are declared in Python but not in function.json: {'request'}",
            "leaves": f"{root}/leaves/__init__.py:3: SystemExit: 2",
            "wrong_json": f"{root}/wrong_json/function.json:2:18: ",
            "unknown": f"{root}/unknown/function.json:",
            "same_route": "The route specified conflicts with the route defined by function 'good'",
        }
        for name, error in errors.items():
            assert f"The '{name}' function is in error: {error}" in text
            status = app.client.get(f"/admin/functions/{name}/status").json()
            assert any(error in one for one in status["errors"])
        for name in ("syntax", "missing", "misfit", "leaves"):
            answer = app.client.get(f"/api/{name}")
            assert answer.status_code == 500
            assert errors[name] in answer.text
        assert app.stop() == 0
    assert "lazulite/" not in text.replace("Lazulite", "")
    assert "\n\tgood: [GET,POST] http://localhost:" in text
    assert "\nFunction off is disabled.\n" in text
    assert "\tsyntax:" not in text


def test_the_list_of_functions(tmp_path: Path) -> None:
    root = make(
        tmp_path,
        {
            "host.json": json.dumps(
                {"version": "2.0", "extensions": {"http": {"routePrefix": "x/y"}}}
            ),
            "function_app.py": V2
            + "@app.route('items/{id:int?}', methods=['GET', 'POST'])\n"
            + "def zebra(req): ...\n"
            + "@app.route()\n"
            + "def ant(req): ...\n"
            + "@app.timer_trigger('timer', '0 0 0 1 1 *')\n"
            + "def bee(timer): ...\n",
        },
    )
    with FuncApp(root, args=["--verbose"]) as app:
        text = app.wait_for("Job host started")
        assert app.stop() == 0
    base = f"http://localhost:{app.port}/x/y"
    listed = (
        f"\nFunctions:\n\n\tant:  {base}/ant\n\n\tzebra: [GET,POST] {base}/items/{{id:int?}}\n\n"
        "\tbee: timerTrigger\n"
    )
    assert listed in text
    assert "For detailed output" not in text
    for said in (
        r"Starting Host \(HostId=\S+, InstanceId=\S+, Version=\S+, ProcessId=\d+, ",
        r"Reading functions metadata \(Worker\)",
        r"3 functions found \(Worker\)",
        r"3 functions loaded",
        r"Generating 3 job function\(s\)",
        r"Found the following functions:\n\[.*\] Host.Functions.ant\n",
        r"Initializing function HTTP routes\n"
        r"\[.*\] Mapped function route 'x/y/ant' \[all\] to 'ant'\n"
        r"\[.*\] Mapped function route 'x/y/items/\{id:int\?\}' \[get,post\] to 'zebra'\n",
        r"Host initialized \(\d+ms\)",
        r"Host started \(\d+ms\)",
    ):
        assert re.search(said, text), said


def test_only_some_functions(tmp_path: Path) -> None:
    body = "@app.route()\ndef one(req): return 'x'\n@app.route()\ndef two(req): return 'x'\n"
    root = make(tmp_path, {"function_app.py": V2 + body})
    with FuncApp(root, args=["--functions", "two", "--verbose"]) as app:
        assert app.client.get("/api/one").status_code == 404
        assert app.client.get("/api/two").text == "x"
        text = app.wait_for("excluding all but the following functions: [two]")
    assert "\tone:" not in text


def test_a_script_and_folders(tmp_path: Path) -> None:
    function = '{"bindings": [{"type": "httpTrigger", "name": "req"}]}'
    files = {"old/function.json": function, "old/__init__.py": "def main(req): ..."}
    body = "@app.route()\ndef one(req): return 'x'\n"
    root = make(tmp_path, {"function_app.py": V2 + body, **files})
    with FuncApp(root) as app:
        app.wait_for("Detected mixed function app. Some functions may not be indexed - old")
        assert app.client.get("/api/one").text == "x"


def test_a_script_that_cannot_be_loaded(tmp_path: Path) -> None:
    root = make(tmp_path, {"function_app.py": V2 + "\nraise RuntimeError('no luck')\n"})
    with FuncApp(root) as app:
        text = app.wait_for("For detailed output")
        assert app.client.get("/api/one").status_code == 404
        state = app.client.get("/admin/host/status").json()
        assert state["state"] == "Error"
        assert any("no luck" in error for error in state["errors"])
        assert app.stop() == 0
    assert "Worker failed to index functions" in text
    assert f"{root}/function_app.py:5: RuntimeError: no luck" in text


def test_two_functions_of_one_name(tmp_path: Path) -> None:
    body = (
        "@app.route('a')\ndef same(req): return 'x'\n"
        "@app.route('b')\n@app.function_name('same')\ndef other(req): return 'x'\n"
        "@app.route('c')\ndef good(req): return 'good'\n"
    )
    root = make(tmp_path, {"function_app.py": V2 + body})
    with FuncApp(root) as app:
        app.wait_for("Function same does not have a unique function name.")
        assert app.client.get("/api/c").text == "good"


SCRIPT = V2 + "@app.route()\ndef one(req): return 'x'\n"


def test_settings_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    files = {"function_app.py": SCRIPT, "local.settings.json": '{"Values": {"a" "b"}}'}
    with FuncApp(make(tmp_path, files)) as app:
        app.wait_for("local.settings.json:1:17: Failed to read app settings file")
        assert app.client.get("/api/one").text == "x"


def test_a_taken_port(tmp_path: Path) -> None:
    root = make(tmp_path, {"function_app.py": SCRIPT})
    app = FuncApp(root, ready=None)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", app.port))
        taken.listen()
        with app:
            assert app.wait() == 1
    assert app.output().strip() == (
        f"Port {app.port} is unavailable. Close the process using that port, or specify another "
        "port using --port [-p]."
    )


def test_an_app_without_functions_says_so(tmp_path: Path) -> None:
    with FuncApp(make(tmp_path, {})) as app:
        app.wait_for("No functions were found.")
        assert app.client.get("/").status_code == 200
        assert app.stop() == 0


def test_an_interpreter_that_is_no_python(tmp_path: Path) -> None:
    root = make(tmp_path, {"function_app.py": SCRIPT})
    with FuncApp(root, args=["--python", "/bin/true"], ready=None) as app:
        assert app.wait() == 1
    assert "'/bin/true' is no working Python interpreter" in app.output()


def test_a_script_that_ends_its_process(tmp_path: Path) -> None:
    root = make(tmp_path, {"function_app.py": "import os\nprint('last words')\nos._exit(3)\n"})
    with FuncApp(root, ready=None) as app:
        text = app.wait_for("the worker ended with exit code 3 while it loaded the app")
        assert "last words" in text
        assert app.stop() == 0
    assert "No job functions" not in app.output()


def test_a_script_that_never_ends_can_be_stopped(tmp_path: Path) -> None:
    root = make(tmp_path, {"function_app.py": "print('for ever', flush=True)\nwhile True: pass\n"})
    with FuncApp(root, ready=None) as app:
        app.wait_for("for ever")
        app.stop()
        assert app.worker_pids == []


def test_functions_that_are_asked_for_and_not_there_are_told() -> None:
    with FuncApp(APPS / "hello", args=["--functions", "hello", "helo"]) as app:
        app.wait_for("The app has no function 'helo', which it is to run.")
        app.wait_for("Mend the name: it is in --functions, or in 'functions' of host.json.")
        assert app.client.get("/api/hello").status_code == 200
