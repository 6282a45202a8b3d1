from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from lazulite.config.functions import (
    decorated_function,
    mark_name_conflicts,
    read_function,
    scan_functions,
)
from lazulite.model import FunctionSpec, RetryPolicy

TRIGGER = {"name": "req", "type": "httpTrigger", "direction": "in"}
OUTPUT = {"name": "$return", "type": "http", "direction": "out"}


def put(root: Path, name: str, config: Any, *files: str) -> Path:
    folder = root / name
    folder.mkdir()
    content = config if isinstance(config, str) else json.dumps(config, indent=1)
    (folder / "function.json").write_text(content)
    for file in files or ("__init__.py",):
        (folder / file).write_text("")
    return folder


def read(root: Path, config: Any, *files: str, **environ: str) -> FunctionSpec:
    return read_function(put(root, "Fn", config, *files), environ)


def read_bindings(root: Path, *bindings: dict[str, Any], **environ: str) -> FunctionSpec:
    return read(root, {"bindings": list(bindings)}, **environ)


def test_a_function(tmp_path: Path) -> None:
    config = {
        "bindings": [{**TRIGGER, "AuthLevel": "Anonymous", "methods": ["get"]}, OUTPUT],
        "retry": {"strategy": "fixedDelay", "maxRetryCount": 1, "delayInterval": "00:00:01"},
        "other": 1,
    }
    spec = read(tmp_path, config)
    assert spec.error is None
    assert spec.name == "Fn"
    assert spec.model == "v1"
    assert spec.directory == str(tmp_path / "Fn")
    assert spec.script_file == str(tmp_path / "Fn" / "__init__.py")
    assert spec.entry_point == "main"
    assert spec.retry == RetryPolicy("fixedDelay", 1, delay=1)
    assert spec.config == config
    assert spec.is_http
    assert spec.bindings[0].get("authlevel") == "Anonymous"
    assert not spec.disabled


def test_the_scan_is_sorted_and_shallow(tmp_path: Path) -> None:
    config = {"bindings": [TRIGGER]}
    for name in ("b_one", "Bone", "a", "C"):
        put(tmp_path, name, config)
    (tmp_path / "no_function").mkdir()
    (tmp_path / "function.json").write_text("{}")
    put(tmp_path / "a", "deeper", config)
    put(tmp_path, "broken", "{")
    specs = scan_functions(tmp_path, {})
    # Ordinal, as upper case: '_' follows the letters.
    assert [s.name for s in specs] == ["a", "Bone", "broken", "b_one", "C"]
    assert [s.name for s in specs if s.error] == ["broken"]


@pytest.mark.parametrize(
    ("files", "script"),
    [
        (("only.py",), "only.py"),
        (("__init__.py", "helper.py"), "__init__.py"),
        (("__init__.py", "Run.py"), "Run.py"),
        (("__INIT__.py", "x.txt"), "__INIT__.py"),
    ],
)
def test_default_scripts(tmp_path: Path, files: tuple[str, ...], script: str) -> None:
    spec = read(tmp_path, {"bindings": [TRIGGER]}, *files)
    assert spec.error is None
    assert spec.script_file == str(tmp_path / "Fn" / script)


def test_no_default_script(tmp_path: Path) -> None:
    spec = read(tmp_path, {"bindings": [TRIGGER]}, "a.py", "b.py")
    assert "Unable to determine the primary function script." in (spec.error or "")


def test_a_script_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "code.py").write_text("")
    config = {"bindings": [TRIGGER], "scriptFile": "../shared/code.py", "entryPoint": "go"}
    spec = read(tmp_path, config)
    assert spec.error is None
    assert spec.script_file == str(tmp_path / "shared" / "code.py")
    assert spec.entry_point == "go"


@pytest.mark.parametrize(
    ("members", "line", "message"),
    [
        (
            {"scriptFile": "nope.py"},
            9,
            "Invalid script file name configuration. The 'scriptFile' property is set to a file "
            "that does not exist.",
        ),
        ({"scriptFile": 3}, 9, "'scriptFile' must be the path of a file."),
        ({"scriptFile": "function.json"}, 9, "'function.json' is not a Python file."),
        ({"entryPoint": 3}, 9, "'entryPoint' must be the name of a function."),
        (
            {"ConfigurationSource": "x"},
            9,
            "Illegal value 'x' for 'configurationSource' property in Fn.",
        ),
        ({"retry": {"strategy": "fixedDelay"}}, 9, "The retry policy needs 'maxRetryCount'."),
        ({"retry": 3}, 9, "'retry' must be an object."),
    ],
)
def test_wrong_members(tmp_path: Path, members: Any, line: int, message: str) -> None:
    spec = read(tmp_path, {"bindings": [TRIGGER], **members})
    error = spec.error or ""
    assert message in error
    assert error.startswith(f"{tmp_path}/Fn/function.json:{line}:")


@pytest.mark.parametrize(
    ("bindings", "member", "message"),
    [
        ([], None, "At least one binding must be declared."),
        ([OUTPUT], None, "No trigger binding specified. A function must have a trigger input"),
        (
            [TRIGGER, {**TRIGGER, "name": "other"}],
            None,
            "Multiple trigger bindings defined. A function can only have a single trigger binding.",
        ),
        (
            [{**TRIGGER, "direction": "sideways"}],
            "direction",
            "'sideways' is not a valid binding direction.",
        ),
        (
            [TRIGGER, {"name": "x", "direction": "out"}],
            None,
            "Binding 'x' is invalid. Bindings must specify a Type.",
        ),
        (
            [{**TRIGGER, "name": "a-b"}],
            "name",
            "The binding name a-b is invalid. Please assign a valid name to the binding.",
        ),
        ([{"type": "httpTrigger"}], None, "The binding name  is invalid."),
        (
            [TRIGGER, {"name": "$return", "type": "queue", "direction": "in"}],
            "direction",
            "$return bindings must specify a direction of 'out'.",
        ),
        (
            [TRIGGER, {"name": "REQ", "type": "queue", "direction": "out"}],
            "name",
            "Multiple bindings with name 'REQ' discovered. Binding names must be unique.",
        ),
        (
            [TRIGGER, {"name": "res", "type": "http", "direction": "in"}],
            "direction",
            "Http binding can only be used for output.",
        ),
        (
            [{**TRIGGER, "authLevel": "nobody"}],
            "authLevel",
            "Error parsing function.json: Invalid value specified for binding property "
            "'authLevel' of enum type AuthorizationLevel.",
        ),
        (
            [{**TRIGGER, "dataType": "text"}],
            "dataType",
            "Error parsing function.json: Invalid value specified for binding property "
            "'dataType' of enum type DataType.",
        ),
        (
            [{**TRIGGER, "cardinality": "few"}],
            "cardinality",
            "Error parsing function.json: Invalid value specified for binding property "
            "'cardinality' of enum type Cardinality.",
        ),
    ],
)
def test_wrong_bindings(
    tmp_path: Path, bindings: list[dict[str, Any]], member: str | None, message: str
) -> None:
    spec = read_bindings(tmp_path, *bindings)
    error = spec.error or ""
    assert message in error
    lines = (tmp_path / "Fn" / "function.json").read_text().split("\n")
    place = re.match(rf"{re.escape(str(tmp_path))}/Fn/function\.json:(\d+):(\d+)[,:] ", error)
    assert place
    line, column = int(place[1]), int(place[2])
    assert 1 <= column <= len(lines[line - 1])
    if member:
        assert f'"{member}"' in lines[line - 1]


def test_underscores_in_binding_names_are_fine(tmp_path: Path) -> None:
    assert read_bindings(tmp_path, {**TRIGGER, "name": "my_request"}).error is None


@pytest.mark.parametrize("config", ["[]", '{"bindings": 3}', '{"bindings": [3]}'])
def test_other_shapes(tmp_path: Path, config: str) -> None:
    assert "must" in (read(tmp_path, config).error or "")


def test_all_that_is_wrong_is_told(tmp_path: Path) -> None:
    error = read_bindings(
        tmp_path, {**TRIGGER, "name": "-", "route": "%NONE%"}, {"name": "x", "type": "queue"}
    ).error
    assert error is not None
    assert "The binding name - is invalid." in error
    assert "'%NONE%' does not resolve to a value." in error


@pytest.mark.parametrize("name", ["Host", "1st", "a.b", "a" * 129])
def test_function_names(tmp_path: Path, name: str) -> None:
    spec = read_function(put(tmp_path, name, {"bindings": [TRIGGER]}), {})
    assert f"'{name}' is not a valid function name." in (spec.error or "")


def test_unknown_kinds(tmp_path: Path) -> None:
    put(tmp_path, "Fn", {"bindings": [{"name": "m", "type": "pigeonTrigger"}]})
    (spec,) = scan_functions(tmp_path, {}, kinds={"httptrigger"})
    assert "The binding type(s) 'pigeonTrigger' are not registered." in (spec.error or "")
    assert "Did you mean" not in (spec.error or "")


def test_a_mistyped_kind(tmp_path: Path) -> None:
    put(tmp_path, "Fn", {"bindings": [{"name": "req", "type": "httpTriger"}]})
    (spec,) = scan_functions(tmp_path, {}, kinds={"httptrigger", "queue"})
    assert "The binding type(s) 'httpTriger' are not registered." in (spec.error or "")
    assert "Did you mean httpTrigger?" in (spec.error or "")


def test_settings_are_put_in(tmp_path: Path) -> None:
    binding = {
        "name": "m",
        "type": "queueTrigger",
        "queueName": "q-%STAGE%",
        "deep": [{"x": "%stage%"}],
    }
    spec = read_bindings(tmp_path, binding, STAGE="test")
    assert spec.error is None
    assert spec.bindings[0].get("queueName") == "q-test"
    assert spec.bindings[0].get("deep") == [{"x": "test"}]
    assert spec.config["bindings"][0]["queueName"] == "q-%STAGE%"


@pytest.mark.parametrize(
    ("disabled", "environ", "expected"),
    [
        (None, {"AzureWebJobs.Fn.Disabled": "true"}, True),
        (None, {"AzureWebJobs_fn_disabled": "1"}, True),
        (None, {"AzureWebJobs.Fn.Disabled": "no"}, False),
        (None, {"AzureWebJobs.Other.Disabled": "1"}, False),
        (True, {}, True),
        (False, {}, False),
        ("true", {}, True),
        ("SWITCH", {"SWITCH": "True"}, True),
        ("%SWITCH%", {"SWITCH": "0"}, False),
    ],
)
def test_disabled(tmp_path: Path, disabled: Any, environ: dict[str, str], expected: bool) -> None:
    config = {"bindings": [TRIGGER], "disabled": disabled}
    assert read(tmp_path, config, **environ).disabled is expected


def test_the_apps_retry_policy_is_the_default(tmp_path: Path) -> None:
    policy = RetryPolicy("fixedDelay", 9, delay=1)
    own = {"strategy": "fixedDelay", "maxRetryCount": 1, "delayInterval": "00:00:01"}
    put(tmp_path, "A", {"bindings": [TRIGGER]})
    put(tmp_path, "B", {"bindings": [TRIGGER], "retry": own})
    first, second = scan_functions(tmp_path, {}, retry=policy)
    assert first.retry == policy
    assert second.retry == RetryPolicy("fixedDelay", 1, delay=1)


def test_names_that_differ_in_case_only(tmp_path: Path) -> None:
    put(tmp_path, "Fn", {"bindings": [TRIGGER]})
    put(tmp_path, "fn", {"bindings": [TRIGGER]})
    specs = scan_functions(tmp_path, {})
    assert [bool(s.error) for s in specs] == [False, True]
    assert "conflicts with the function" in (specs[1].error or "")


def test_a_v2_function(tmp_path: Path) -> None:
    spec = decorated_function(
        tmp_path,
        {"Q": "orders", "AzureWebJobs.work.Disabled": "1"},
        name="work",
        raw_bindings=[
            '{"direction": "OUT", "type": "queue", "name": "my_out", "queueName": "%Q%"}',
            {"direction": "IN", "dataType": "BINARY", "type": "blobTrigger", "name": "b"},
        ],
        retry={"strategy": "fixed_delay", "max_retry_count": "3", "delay_interval": "00:00:05"},
    )
    assert spec.error is None
    assert spec.model == "v2"
    assert spec.disabled
    assert spec.entry_point == "work"
    assert spec.script_file == str(tmp_path / "function_app.py")
    assert spec.retry == RetryPolicy("fixedDelay", 3, delay=5)
    assert spec.trigger is not None
    assert spec.trigger.data_type == "binary"
    assert spec.bindings[0].direction == "out"
    assert spec.bindings[0].get("queueName") == "orders"
    assert spec.config["bindings"][0]["queueName"] == "%Q%"


def test_a_wrong_v2_function(tmp_path: Path) -> None:
    spec = decorated_function(
        tmp_path,
        {},
        name="work",
        raw_bindings=['{"direction": "OUT", "type": "queue", "name": "o", "queueName": "%Q%"}'],
        retry={"strategy": "fixed_delay"},
    )
    error = spec.error or ""
    assert f"{tmp_path}/function_app.py: No trigger binding specified." in error
    assert "'%Q%' does not resolve to a value." in error
    assert "The retry policy needs 'maxRetryCount'." in error


def test_conflicts_keep_other_errors() -> None:
    def spec(name: str, error: str | None = None) -> FunctionSpec:
        return FunctionSpec(name, "/a", "/a/f.py", name, (), "v2", error=error)

    a, b, c = mark_name_conflicts([spec("A"), spec("a", "broken"), spec("b")])
    assert a.error is None
    assert (b.error or "").startswith("broken\n/a/f.py: The function name 'a' conflicts with")
    assert c.error is None
