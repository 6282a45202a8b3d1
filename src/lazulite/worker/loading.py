"""Import the user's code: functions of folders (v1) and of decorators (v2).

A function that cannot be imported is told apart with its message and stack; the others load.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import json
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from lazulite.model import BindingSpec, FunctionSpec, binding_spec
from lazulite.worker.sdk_types import mark_deferred

APP_PACKAGE = "__app__"
_MISSING_MODULE = (
    ". Cannot find module. Please check the requirements.txt file for the missing module. "
    "For more info, please refer the troubleshooting guide: "
    "https://aka.ms/functions-modulenotfound. Current sys.path: {path}"
)


@dataclass(frozen=True)
class Problem:
    """Why something could not be loaded. stack: the user's traceback as text; file and line: the
    innermost place in the user's code."""

    message: str
    stack: str = ""
    file: str = ""
    line: int = 0


@dataclass
class Loaded:
    """A function as loaded: its callable, or the problem instead of it. `raw` is what the
    decorators of a v2 function declare, for the host to validate."""

    name: str
    directory: str
    script_file: str
    entry_point: str
    call: Callable[..., Any] | None = None
    problem: Problem | None = None
    raw: dict[str, Any] | None = None
    bindings: tuple[BindingSpec, ...] = ()


def problem_of(error: BaseException, root: str = "", script: str = "") -> Problem:
    """A problem from what user code raised. `script`: the place to name when no other is known."""
    message = f"{type(error).__name__}: {error}"
    if isinstance(error, SystemExit):
        message += " (sys.exit() is called while the module is imported)"
    if isinstance(error, ImportError) and "circular import" not in str(error):
        message += _MISSING_MODULE.format(path=sys.path)
    if isinstance(error, SyntaxError) and error.filename:
        file, line = error.filename, error.lineno or 0
        if error.msg and error.msg != str(error):
            message = f"{type(error).__name__}: {error.msg}"
    else:
        file, line = _user_place(error, root)
    return Problem(message, user_stack(error), file or script, line)


def user_stack(error: BaseException) -> str:
    """The traceback as text, without the frames of this package and of the import system."""
    here = os.path.dirname(os.path.dirname(__file__))
    tb = error.__traceback__
    while tb is not None and _internal(tb.tb_frame.f_code.co_filename, here):
        tb = tb.tb_next
    lines = traceback.format_exception(type(error), error, tb)
    return "".join(line for line in lines if "<frozen importlib" not in line)


def _internal(filename: str, here: str) -> bool:
    return filename.startswith((here, "<frozen importlib"))


def _user_place(error: BaseException, root: str) -> tuple[str, int]:
    place = ("", 0)
    here = os.path.dirname(os.path.dirname(__file__))
    for frame in traceback.extract_tb(error.__traceback__):
        name = frame.filename
        if name.startswith(root or os.sep) and "site-packages" not in name:
            place = place if _internal(name, here) else (name, frame.lineno or 0)
    return place


def expose_app(root: str) -> None:
    """Make the app root the package `__app__`, whatever the folder is called.

    `from __app__.shared import x`, `from ..shared import x` and `from . import y` are promised to
    functions in folders.
    """
    if APP_PACKAGE in sys.modules:
        return
    module = ModuleType(APP_PACKAGE)
    module.__path__ = [root]
    spec = importlib.machinery.ModuleSpec(APP_PACKAGE, None, is_package=True)
    spec.submodule_search_locations = [root]
    module.__spec__ = spec
    module.__package__ = APP_PACKAGE
    sys.modules[APP_PACKAGE] = module


def load_v1(spec: FunctionSpec, root: str) -> Loaded:
    """Import the script of a function folder and find its entry point."""
    loaded = Loaded(spec.name, spec.directory, spec.script_file, spec.entry_point)
    loaded.bindings = spec.bindings
    try:
        module = importlib.import_module(_module_name(spec, root))
        call = getattr(module, spec.entry_point, None)
    except BaseException as error:  # sys.exit() at import is the user's mistake to read about
        loaded.problem = problem_of(error, root, spec.script_file)
        return loaded
    if not callable(call):
        relative = os.path.relpath(spec.script_file, root)
        loaded.problem = Problem(
            f"cannot load function {spec.name}: function {spec.entry_point}() is not present "
            f"in {relative}",
            file=spec.script_file,
        )
        return loaded
    loaded.call = call
    return loaded


def _module_name(spec: FunctionSpec, root: str) -> str:
    relative = os.path.relpath(spec.script_file, root)
    stem, extension = os.path.splitext(relative)
    parts = stem.split(os.sep)
    if ".." in parts:
        raise ValueError(
            f"script path {spec.script_file} is not relative to the specified directory {root}"
        )
    if extension != ".py" or any("." in part for part in parts):
        raise ValueError(
            f"cannot load function {spec.name}: invalid Python filename {spec.script_file}"
        )
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join([APP_PACKAGE, *parts])


def load_v2(root: str, script: str) -> Sequence[Loaded]:
    """Import `function_app.py` and read what its decorators declare.

    Raises whatever the import raises; a function whose declaration is wrong carries its problem.
    An app that has several names counts once.
    """
    from azure.functions.decorators.function_app import FunctionRegister

    path = os.path.join(root, script)
    module = _import_file(script.removesuffix(".py"), path)
    apps: list[Any] = []
    for value in vars(module).values():
        if isinstance(value, FunctionRegister) and not any(value is app for app in apps):
            apps.append(value)
    if not apps:
        raise ValueError(
            f"Could not find top level function app instances in {script}. "
            "Make one there: app = func.FunctionApp()"
        )
    if len(apps) > 1:
        kind = type(apps[1]).__name__
        raise ValueError(
            f"More than one {kind} or other top level function app instances are defined."
        )
    return [_declared(function, root, path) for function in _functions(apps[0])]


def _import_file(name: str, path: str) -> ModuleType:
    """Import this file as a top-level module, whatever else on sys.path has its name.

    A module that was imported from this file already, as a unit test does, is taken as it is.
    """
    before = sys.modules.get(name)
    if before is not None and getattr(before, "__file__", None) == path:
        return before
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        if before is None:
            sys.modules.pop(name, None)
        else:
            sys.modules[name] = before
        raise
    return sys.modules[name]


def _functions(app: Any) -> list[Any]:
    """The app's functions, one by one where its builders allow, so that one wrong declaration
    does not take the others along."""
    from azure.functions.decorators.function_app import DecoratorApi

    builders = getattr(app, "_function_builders", None)
    if builders is None or not isinstance(app, DecoratorApi):
        return list(app.get_functions())
    functions: list[Any] = []
    names: dict[str, int] = {}
    level = getattr(app, "auth_level", None)
    for builder in builders:
        try:
            function = builder.build(level)
        except Exception as error:
            user = builder._function
            functions.append((user.get_function_name(), user.get_user_function(), error))
            continue
        name = function.get_function_name()
        names[name] = names.get(name, 0) + 1
        functions.append(function)
    for index, function in enumerate(functions):
        if isinstance(function, tuple):
            continue
        name = function.get_function_name()
        if names[name] > 1:
            twice = ValueError(
                f"Function {name} does not have a unique function name. Please change "
                "@app.function_name() or the function method name to be unique."
            )
            functions[index] = (name, function.get_user_function(), twice)
    return functions


def _declared(function: Any, root: str, path: str) -> Loaded:
    if isinstance(function, tuple):
        name, call, error = function
        code = getattr(call, "__code__", None)
        return Loaded(
            name,
            root,
            path,
            name,
            problem=Problem(
                str(error),
                file=getattr(code, "co_filename", path),
                line=getattr(code, "co_firstlineno", 0),
            ),
            raw={"bindings": [], "retry": None},
        )
    name = function.get_function_name()
    bindings = mark_deferred(function.get_raw_bindings(), function.get_user_function())
    return Loaded(
        name,
        root,
        path,
        name,
        call=function.get_user_function(),
        raw={"bindings": bindings, "retry": function.get_settings_dict("retry_policy")},
        bindings=tuple(binding_spec(json.loads(raw)) for raw in bindings),
    )
