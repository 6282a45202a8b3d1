"""`func new`: every template, both models, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lazulite.cli.templates import TEMPLATES, Template
from tests.cli.conftest import Func

OFFERED = [t for t in TEMPLATES if t.offered]


def indexed(root: Path) -> dict[str, list[dict[str, Any]]]:
    """The functions that the library finds in a v2 app: bindings by name."""
    script = (
        "import json, function_app\n"
        "print(json.dumps({f.get_function_name(): [json.loads(b) for b in f.get_raw_bindings()]\n"
        "    for f in function_app.app.get_functions()}))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)
    return found


def test_all_templates_of_the_v2_model_are_indexed(func: Func, v2: Path) -> None:
    for template in OFFERED:
        done = func("new", "-t", template.name, "-n", f"my_{template.folder}", cwd=v2)
        assert f"Writing {v2 / 'function_app.py'}\n" in done.out
        assert (
            f'The function "my_{template.folder}" was created successfully '
            f'from the "{template.name}" template.\n  Try it: func '
        ) in done.out
    functions = indexed(v2)
    assert list(functions) == [f"my_{t.folder}" for t in OFFERED]
    assert functions["my_http"][0]["route"] == "my_http"
    assert functions["my_timer"][0]["schedule"] == "0 */5 * * * *"
    assert functions["my_blob_eventgrid"][0]["source"].lower().replace("_", "") == "eventgrid"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda t: t.folder)
def test_templates_are_sound_even_before_they_are_offered(template: Template) -> None:
    values = {"name": "some", "auth": "admin", "AUTH": "ADMIN", "app": "app", "func": "func"}
    values = {**template.inputs, **values}
    for model in ("v1", "v2"):
        compile(template.text(model, values), template.folder, "exec")
    bindings = json.loads(template.text("function.json", values))["bindings"]
    source: dict[str, Any] = {}
    exec(template.text("v1", values), source)
    parameters = [b["name"] for b in bindings if b["name"] != "$return"]
    assert list(source["main"].__annotations__) == [*parameters, "return"]


@pytest.mark.parametrize("template", OFFERED, ids=lambda t: t.folder)
def test_v1_functions(func: Func, v1: Path, template: Template) -> None:
    name = f"My-{template.folder}"
    done = func("new", "-t", template.name, "-n", name, cwd=v1)
    folder = v1 / name
    assert f"Writing {folder / 'function.json'}\n" in done.out
    config = json.loads((folder / "function.json").read_text())
    assert config["scriptFile"] == "__init__.py"
    assert sum(b["type"].endswith("Trigger") for b in config["bindings"]) == 1
    compile((folder / "__init__.py").read_text(), name, "exec")


def test_names_of_the_original(func: Func, v1: Path) -> None:
    for number, name in enumerate(["HTTP TRIGGER", "Azure Queue Storage trigger", "timertrigger"]):
        func("new", "--template", name, "--name", f"f{number}x", cwd=v1)


@pytest.mark.parametrize(
    ("args", "trial"),
    [
        (["http"], "func invoke some -q name=you"),
        (
            ["http", "--route", "a/{b:int}/{*c}"],
            "func invoke some -q name=you -p b=VALUE -p c=VALUE",
        ),
        (["timer"], "func invoke some"),
        (["queue"], "func invoke some --data 'some text'"),
        (
            ["blob", "--path", "in/{a}.{b}"],
            "func storage blob put in/note.note --data 'some text' && "
            "func invoke some --data in/note.note",
        ),
        (["table"], "func invoke some -p partition=tea --data 'some text'"),
    ],
)
def test_a_way_to_try_it_is_told(func: Func, v2: Path, args: list[str], trial: str) -> None:
    out = func("new", "-n", "some", "-t", *args, cwd=v2).out
    assert out.endswith(f"\n  Try it: {trial}\n")


def test_options_fill_the_template(func: Func, v2: Path) -> None:
    func(*["new", "-t", "http", "-n", "item", "-a", "Anonymous", "--route", "/items/{id}"], cwd=v2)
    func("new", "-t", "timer", "-n", "nightly", "--schedule", "0 0 3 * * *", cwd=v2)
    done = func(
        "new", "-t", "queue", "-n", "take", "--queue", "q-1x", "--connection", "Bus", cwd=v2
    )
    assert "func settings add Bus" in done.out
    func("new", "-t", "blob", "-n", "scan", "--path", "inbox", cwd=v2)
    functions = indexed(v2)
    assert functions["item"][0]["route"] == "items/{id}"
    assert functions["item"][0]["authLevel"] == "ANONYMOUS"
    assert functions["nightly"][0]["schedule"] == "0 0 3 * * *"
    assert functions["take"][0]["queueName"] == "q-1x"
    assert functions["take"][0]["connection"] == "Bus"
    assert functions["scan"][0]["path"] == "inbox/{name}"


def test_a_blueprint_is_created_and_registered_once(func: Func, v2: Path) -> None:
    func("new", "-t", "http", "-n", "first", cwd=v2)
    done = func("new", "-t", "queue", "-n", "take", "--file", "blue/orders.py", cwd=v2)
    assert f"Writing {v2 / 'blue' / 'orders.py'}\n" in done.out
    assert f"Writing {v2 / 'function_app.py'}\n" in done.out
    done = func("new", "-t", "timer", "-n", "nightly", "--file", "blue/orders.py", cwd=v2)
    assert "function_app.py" not in done.out
    assert list(indexed(v2)) == ["take", "nightly", "first"]


def test_the_users_own_style_is_kept(func: Func, v2: Path) -> None:
    file = v2 / "function_app.py"
    before = (
        '#!/usr/bin/env python\n"""Mine."""\n\nfrom __future__ import annotations\n\n'
        "import azure.functions as az  # the library\n\n"
        "application = az.FunctionApp(http_auth_level=az.AuthLevel.ANONYMOUS)\n\n\n"
        "# a note\nLIMIT = 3  # kept\n"
    )
    file.write_bytes(b"\xef\xbb\xbf" + before.replace("\n", "\r\n").encode())
    func("new", "-t", "http", "-n", "hello", cwd=v2)
    after = file.read_bytes()
    assert after.startswith(b"\xef\xbb\xbf#!/usr/bin/env python\r\n")
    assert b"\n" not in after.replace(b"\r\n", b"")
    text = after.decode("utf-8-sig").replace("\r\n", "\n")
    kept = iter(text.splitlines())
    assert all(line in kept for line in before.splitlines())
    assert "@application.route(" in text
    assert "az.HttpResponse" in text
    assert "import logging\n" in text
    compile(text, "function_app.py", "exec")


def test_an_app_without_the_library_by_name(func: Func, v2: Path) -> None:
    file = v2 / "function_app.py"
    file.write_text("from azure.functions import FunctionApp\n\nfunc = 1\napp = FunctionApp()\n")
    func("new", "-t", "http", "-n", "hello", cwd=v2)
    assert list(indexed(v2)) == ["hello"]


@pytest.mark.parametrize(
    "name", ["1st", "a", "has-hyphen", "under_", "class", "host", "with space", "é" * 3, "x" * 129]
)
def test_bad_names_of_the_v2_model(func: Func, v2: Path, name: str) -> None:
    before = (v2 / "function_app.py").read_text()
    err = func("new", "-t", "http", "-n", name, cwd=v2, code=1).err
    assert "is not a valid function name" in err
    assert (v2 / "function_app.py").read_text() == before


@pytest.mark.parametrize("name", ["1st", "host", "HOST", "a/b", "..", "x" * 129])
def test_bad_names_of_the_v1_model(func: Func, v1: Path, name: str) -> None:
    err = func("new", "-t", "http", "-n", name, cwd=v1, code=1).err
    assert f"'{name}' is not a valid function name." in err


@pytest.mark.parametrize("name", ["app", "func", "logging"])
def test_names_with_a_meaning(func: Func, v2: Path, name: str) -> None:
    assert "has a meaning already" in func("new", "-t", "http", "-n", name, cwd=v2, code=1).err


def test_duplicates(func: Func, v2: Path, v1: Path) -> None:
    func("new", "-t", "http", "-n", "hello", "--file", "one.py", cwd=v2)
    err = func("new", "-t", "timer", "-n", "Hello", cwd=v2, code=1).err
    assert "exists already in" in err
    assert "one.py" in err
    func("new", "-t", "http", "-n", "hello", cwd=v1)
    assert "exists already" in func("new", "-t", "http", "-n", "HELLO", cwd=v1, code=1).err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["-n", "x1"], "--template"),
        (["-t", "http"], "--name"),
        (["-t", "HTTP triger", "-n", "x1"], 'Did you mean "HTTP trigger"?'),
        (["-t", "Event Grid trigger", "-n", "x1"], "is not offered"),
        (["-t", "http", "-n", "x1", "--schedule", "* * * * * *"], "--schedule does not belong"),
        (["-t", "timer", "-n", "x1", "-a", "admin"], "--authlevel does not belong"),
        (["-t", "queue", "-n", "x1", "--queue", "Not_Valid"], "not a valid queue name"),
        (["-t", "timer", "-n", "x1", "--schedule", '"'], "cannot be used"),
        (["-t", "http", "-n", "x1", "-l", "csharp"], "Python apps only"),
        (["-t", "http", "-n", "x1", "--file", "json.py"], "would hide the module 'json'"),
        (["-t", "http", "-n", "x1", "--file", "../out.py"], "inside the app"),
        (["-t", "http", "-n", "x1", "--file", "notes.txt"], "not a Python module"),
    ],
)
def test_refusals(func: Func, v2: Path, args: list[str], said: str) -> None:
    before = sorted(p.name for p in v2.iterdir()), (v2 / "function_app.py").read_text()
    assert said in func("new", *args, cwd=v2, code=1).err
    assert before == (sorted(p.name for p in v2.iterdir()), (v2 / "function_app.py").read_text())


def test_a_broken_file_is_not_touched(func: Func, v2: Path) -> None:
    file = v2 / "function_app.py"
    file.write_text("import azure.functions as func\napp = func.FunctionApp(\n")
    err = func("new", "-t", "http", "-n", "hello", cwd=v2, code=1).err
    assert f"{file}:2:" in err
    file.write_text("x = 1\n")
    assert "has no app object" in func("new", "-t", "http", "-n", "hello", cwd=v2, code=1).err
    assert file.read_text() == "x = 1\n"


def test_blueprints_are_for_v2(func: Func, v1: Path) -> None:
    args = ["new", "-t", "http", "-n", "hello", "--file", "bp.py"]
    assert "v2 model" in func(*args, cwd=v1, code=1).err


def test_templates_list(func: Func, tmp_path: Path) -> None:
    out = func("templates", "list", cwd=tmp_path).out
    for template in OFFERED:
        assert template.name in out
    rows = json.loads(func("templates", "list", "-l", "python", "--json", cwd=tmp_path).out)
    assert [r["name"] for r in rows] == [t.name for t in TEMPLATES]
    assert func("templates", "list", "-l", "java", cwd=tmp_path, code=1).out == ""
