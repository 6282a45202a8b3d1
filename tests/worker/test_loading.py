"""Importing apps: what loads, and what is said of what does not."""

from __future__ import annotations

import os
from collections.abc import Sequence

import pytest

from lazulite.model import BindingSpec, FunctionSpec
from lazulite.worker.app import LoadedApp
from lazulite.worker.loading import Loaded
from tests.worker.conftest import MakeApp

HTTP = (BindingSpec("req", "httpTrigger"), BindingSpec("$return", "http", "out"))


def folder(root: str, name: str, script: str = "__init__.py", entry: str = "main") -> FunctionSpec:
    directory = os.path.join(root, name)
    return FunctionSpec(
        name, directory, os.path.normpath(os.path.join(directory, script)), entry, HTTP
    )


def load(root: str, *specs: FunctionSpec) -> dict[str, Loaded]:
    return {f.name: f for f in LoadedApp(root, "function_app.py", specs).functions}


def problems(functions: Sequence[dict[str, object]]) -> dict[object, object]:
    return {f["name"]: f["problem"] and f["problem"]["message"] for f in functions}  # type: ignore[index]


def test_imports_as_the_guide_promises(make_app: MakeApp) -> None:
    root = make_app(
        {
            "SharedCode/helper.py": "NAME = 'shared'",
            "plain.py": "NAME = 'plain'",
            "one/__init__.py": """
                from . import example
                from ..SharedCode import helper
                from __app__.SharedCode import helper as same
                from __app__ import plain as also_plain
                import plain
                from SharedCode import helper as absolute

                def main(req):
                    return (example.NAME, helper.NAME, same is helper, plain.NAME, absolute.NAME)
            """,
            "one/example.py": "NAME = 'sibling'",
        }
    )
    call = load(root, folder(root, "one"))["one"].call
    assert call is not None
    assert call(None) == ("sibling", "shared", True, "plain", "shared")


def test_script_files_beside_below_and_above(make_app: MakeApp) -> None:
    root = make_app(
        {
            "one/main.py": "from . import other\ndef main(req): return other.X",
            "one/other.py": "X = 1",
            "two/deep/er/code.py": "from ... import top\ndef go(req): return top.X",
            "two/top.py": "X = 2",
            "shared/many.py": "def a(req): return 'a'\ndef b(req): return 'b'",
            "three/none.txt": "",
            "with-dash/__init__.py": "async def main(req): return 'async'",
        }
    )
    found = load(
        root,
        folder(root, "one", "main.py"),
        folder(root, "two", "deep/er/code.py", "go"),
        folder(root, "three", "../shared/many.py", "a"),
        folder(root, "four", "../shared/many.py", "b"),
        folder(root, "with-dash"),
    )
    assert not [f.problem for f in found.values() if f.problem]
    assert [found[n].call(None) for n in ("one", "two", "three", "four")] == [1, 2, "a", "b"]  # type: ignore[misc]


def test_a_broken_function_leaves_the_others_alone(make_app: MakeApp) -> None:
    root = make_app(
        {
            "good/__init__.py": "def main(req): ...",
            "syntax/__init__.py": "def main(req)\n    pass\n",
            "missing/__init__.py": "import pandas_of_tomorrow\ndef main(req): ...",
            "leaves/__init__.py": "import sys\nsys.exit(3)",
            "raises/__init__.py": "\n\n{}['key']",
            "nomain/__init__.py": "def other(req): ...",
            "nocall/__init__.py": "main = 5",
            "misfit/__init__.py": "\ndef main(request): ...",
            "dotted/a.b.py": "def main(req): ...",
            "circle/__init__.py": "from .a import A\ndef main(req): ...",
            "circle/a.py": "from .b import B\nA = 1",
            "circle/b.py": "from .a import A\nB = 1",
            "wild/__init__.py": "class Wild(BaseException): ...\nraise Wild('x')",
        }
    )
    names = [
        *("good", "syntax", "missing", "leaves", "raises"),
        *("nomain", "nocall", "misfit", "circle", "wild"),
    ]
    specs = [folder(root, name) for name in names] + [folder(root, "dotted", "a.b.py")]
    report = LoadedApp(root, "function_app.py", specs).report()
    by_name = {f["name"]: f["problem"] for f in report["functions"]}
    told = problems(report["functions"])

    assert by_name["good"] is None
    assert str(told["syntax"]).startswith("SyntaxError: ")
    assert (by_name["syntax"]["file"], by_name["syntax"]["line"]) == (
        os.path.join(root, "syntax", "__init__.py"),
        1,
    )
    missing = str(told["missing"])
    assert missing.startswith(
        "ModuleNotFoundError: No module named 'pandas_of_tomorrow'. Cannot find module. Please "
        "check the requirements.txt file for the missing module. For more info, please refer the "
        "troubleshooting guide: https://aka.ms/functions-modulenotfound. Current sys.path: ["
    )
    assert by_name["missing"]["line"] == 1
    assert "frozen importlib" not in by_name["missing"]["stack"]
    assert "loading.py" not in by_name["missing"]["stack"]
    assert told["leaves"] == "SystemExit: 3 (sys.exit() is called while the module is imported)"
    assert told["raises"] == "KeyError: 'key'"
    assert by_name["raises"]["line"] == 3
    assert told["nomain"] == (
        "cannot load function nomain: function main() is not present in nomain/__init__.py"
    )
    assert "function main() is not present" in str(told["nocall"])
    assert told["misfit"] == (
        "cannot load the misfit function: the following parameters are declared in Python but "
        "not in function.json: {'request'}"
    )
    assert by_name["misfit"]["line"] == 2
    assert "invalid Python filename" in str(told["dotted"])
    assert "circular import" in str(told["circle"])
    assert "Cannot find module" not in str(told["circle"])
    assert told["wild"] == "Wild: x"


def test_a_script_outside_the_app_is_refused(make_app: MakeApp) -> None:
    root = make_app({"one/function.json": "", "../elsewhere.py": "def main(req): ..."})
    one = load(root, folder(root, "one", "../../elsewhere.py"))["one"]
    assert one.problem is not None
    assert "is not relative to the specified directory" in one.problem.message


V2 = """
import azure.functions as func
app = func.FunctionApp()
again = app
@app.route("a")
def a(req): return "a"
"""


def test_decorated_functions_with_blueprints(make_app: MakeApp) -> None:
    root = make_app(
        {
            "function_app.py": """
                import azure.functions as func
                from blue import bp
                app = func.FunctionApp()
                app.register_functions(bp)
                @app.function_name("renamed")
                @app.route("a")
                def a(req): ...
            """,
            "blue.py": """
                import azure.functions as func
                bp = func.Blueprint()
                @bp.route("b")
                async def b(req): ...
            """,
        }
    )
    app = LoadedApp(root, "function_app.py", [])
    assert app.model == "v2"
    assert sorted(f.name for f in app.functions) == ["b", "renamed"]
    assert not any(f["problem"] for f in app.report()["functions"])


def test_another_name_of_the_same_app_is_no_second_app(make_app: MakeApp) -> None:
    root = make_app({"function_app.py": V2})
    app = LoadedApp(root, "function_app.py", [])
    assert app.problem is None
    assert [f.name for f in app.functions] == ["a"]


def test_the_script_may_have_the_name_of_a_library(make_app: MakeApp) -> None:
    root = make_app({"statistics.py": V2})
    app = LoadedApp(root, "statistics.py", [])
    assert [f.name for f in app.functions] == ["a"]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (
            "import azure.functions as func\na = func.FunctionApp()\nb = func.FunctionApp()",
            "ValueError: More than one FunctionApp or other top level function app instances are "
            "defined.",
        ),
        (
            "import logging",
            "ValueError: Could not find top level function app instances in function_app.py. "
            "Make one there: app = func.FunctionApp()",
        ),
        ("import sys; sys.exit()", "SystemExit:  (sys.exit() is called while"),
        ("def f(:\n", "SyntaxError: "),
        ("import no_such_thing", "ModuleNotFoundError: No module named 'no_such_thing'. Cannot"),
        (
            "import azure.functions as func\n"
            "app = func.FunctionApp()\napp.register_functions(func.FunctionApp())",
            "TypeError: functions can not be type of FunctionRegister!",
        ),
    ],
)
def test_scripts_that_are_no_app(make_app: MakeApp, script: str, message: str) -> None:
    root = make_app({"function_app.py": script})
    report = LoadedApp(root, "function_app.py", []).report()
    assert report["problem"]["message"].startswith(message)
    assert report["problem"]["file"] == os.path.join(root, "function_app.py")
    assert report["functions"] == []


def test_a_script_without_functions_leaves_the_app_to_its_folders(make_app: MakeApp) -> None:
    root = make_app(
        {
            "function_app.py": "import azure.functions as func\napp = func.FunctionApp()",
            "one/__init__.py": "def main(req): ...",
        }
    )
    app = LoadedApp(root, "function_app.py", [folder(root, "one")])
    assert (app.model, [f.name for f in app.functions]) == ("v1", ["one"])


def test_wrong_decorators_are_the_function_s_own_problem(make_app: MakeApp) -> None:
    root = make_app(
        {
            "function_app.py": """
                import azure.functions as func
                app = func.FunctionApp()
                @app.route("a")
                def good(req): ...
                @app.route("b")
                def twice(req): ...
                @app.route("c")
                @app.function_name("twice")
                def other(req): ...
                @app.blob_output(arg_name="out", path="x/y", connection="C")
                def untriggered(out): ...
                @app.route("d")
                def misfit(request): ...
            """
        }
    )
    told = problems(LoadedApp(root, "function_app.py", []).report()["functions"])
    assert told["good"] is None
    assert str(told["twice"]).startswith("Function twice does not have a unique function name.")
    assert str(told["untriggered"]).startswith("Function untriggered does not have a trigger.")
    assert "{'request'}" in str(told["misfit"])
