"""Functions of an app as FunctionSpec: folders with function.json (v1), decorators' dicts (v2).

What is wrong with one function is its `error`; the others go on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lazulite.config.appsettings import AppSettings, app_settings, replace_settings
from lazulite.config.jsonc import loads, read_text
from lazulite.config.retry import decorated_retry, read_retry
from lazulite.config.section import Section, Source
from lazulite.config.validation import Problem, validate
from lazulite.errors import ConfigError, FunctionError, LazuliteError, SettingError, Where
from lazulite.model import FunctionSpec, RetryPolicy, binding_spec

FILE_NAME = "function.json"
DEFAULT_ENTRY_POINT = "main"
_NO_SCRIPT = "Unable to determine the primary function script."
_MISSING_SCRIPT = (
    "Invalid script file name configuration. The 'scriptFile' property is set to a file "
    "that does not exist."
)


def scan_functions(
    root: str | Path,
    environ: Mapping[str, str],
    *,
    kinds: Container[str] | None = None,
    retry: RetryPolicy | None = None,
) -> tuple[FunctionSpec, ...]:
    """The functions of a v1 app: each folder right below `root` that has a function.json.

    Sorted by name whatever its case. environ gives `%SETTING%` values and what is disabled;
    kinds: the binding kinds there are (None: any); retry: the app's own policy (host.json).
    """
    settings = app_settings(environ)
    folders = sorted(function_folders(root), key=name_order)
    specs = [read_function(Path(root) / name, settings, kinds, retry) for name in folders]
    return mark_name_conflicts(specs)


def function_folders(root: str | Path) -> list[str]:
    """Names of the folders right below `root` that have a function.json, in no order."""
    try:
        with os.scandir(root) as entries:
            return [
                entry.name
                for entry in entries
                if entry.is_dir() and os.path.isfile(os.path.join(entry.path, FILE_NAME))
            ]
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(f"The folder cannot be read: {reason}.", where=Where(str(root))) from None


def name_order(name: str) -> str:
    """Sort key of function names: ordinal, whatever the case, as the original compares them."""
    return name.upper()


def read_function(
    folder: str | Path,
    environ: Mapping[str, str],
    kinds: Container[str] | None = None,
    retry: RetryPolicy | None = None,
) -> FunctionSpec:
    """The function of one folder. Raises nothing: what is wrong is in its `error`."""
    directory = Path(os.path.abspath(folder))
    file = directory / FILE_NAME
    broken = FunctionSpec(directory.name, str(directory), "", DEFAULT_ENTRY_POINT, ())
    try:
        content = read_text(file)
        raw = loads(content, str(file))
    except ConfigError as error:
        return replace(broken, error=str(error))
    place = Source(str(file), content)
    if not isinstance(raw, dict):
        problem = Problem("The file must hold an object.")
        return replace(broken, error=_explain([problem], place))
    return _read_v1(_Declared(directory, raw, place), app_settings(environ), kinds, retry)


@dataclass(frozen=True, slots=True)
class _Declared:
    directory: Path
    raw: Mapping[str, Any]
    place: Source

    @property
    def section(self) -> Section:
        return Section(self.raw, (), self.place)


def _read_v1(
    declared: _Declared,
    settings: AppSettings,
    kinds: Container[str] | None,
    default_retry: RetryPolicy | None,
) -> FunctionSpec:
    raw, name = declared.raw, declared.directory.name
    problems: list[Problem] = []
    errors: list[LazuliteError] = []
    bindings = raw.get("bindings")
    if bindings is not None and not _are_objects(bindings):
        problems.append(Problem("'bindings' must be a list of objects.", ("bindings",)))
        bindings = None
    retry = default_retry
    try:
        retry = read_retry(declared.section.section("retry")) or default_retry
    except ConfigError as error:
        errors.append(error)
    script, problem = _script_file(declared.directory, raw.get("scriptFile"))
    entry_point = raw.get("entryPoint")
    spec = FunctionSpec(
        name=name,
        directory=str(declared.directory),
        script_file=script,
        entry_point=entry_point
        if isinstance(entry_point, str) and entry_point
        else DEFAULT_ENTRY_POINT,
        bindings=tuple(binding_spec(member) for member in bindings or ()),
        retry=retry,
        disabled=is_disabled(name, settings) or _says_disabled(raw.get("disabled"), settings),
        config=dict(raw),
    )
    if not problems:
        problems += validate(spec, kinds)
    problems += _v1_problems(declared, spec)
    if problem:
        problems.append(problem)
    return _finished(spec, settings, problems, errors, declared.place)


def _v1_problems(declared: _Declared, spec: FunctionSpec) -> list[Problem]:
    problems = []
    source = declared.section.get("configurationSource")
    if source is not None and str(source).lower() not in ("attributes", "config"):
        message = f"Illegal value '{source}' for 'configurationSource' property in {spec.name}."
        problems.append(Problem(message, ("configurationSource",)))
    entry_point = declared.raw.get("entryPoint")
    if entry_point is not None and not isinstance(entry_point, str):
        problems.append(Problem("'entryPoint' must be the name of a function.", ("entryPoint",)))
    return problems


def decorated_function(
    root: str | Path,
    environ: Mapping[str, str],
    *,
    name: str,
    raw_bindings: Iterable[str | Mapping[str, Any]],
    script_file: str = "function_app.py",
    retry: Mapping[str, Any] | None = None,
    default_retry: RetryPolicy | None = None,
    kinds: Container[str] | None = None,
) -> FunctionSpec:
    """The function that a v2 app's decorators declare; its `error` says what is wrong.

    raw_bindings: what `Function.get_raw_bindings()` gives, JSON texts or parsed; retry: what
    `get_settings_dict("retry_policy")` gives; default_retry: the app's own policy (host.json).
    """
    settings = app_settings(environ)
    directory = os.path.abspath(root)
    members = [json.loads(raw) if isinstance(raw, str) else raw for raw in raw_bindings]
    errors: list[LazuliteError] = []
    policy = default_retry
    try:
        policy = decorated_retry(retry) or default_retry
    except ConfigError as error:
        errors.append(error)
    script = os.path.normpath(os.path.join(directory, script_file))
    spec = FunctionSpec(
        name=name,
        directory=directory,
        script_file=script,
        entry_point=name,
        bindings=tuple(binding_spec(member) for member in members),
        model="v2",
        retry=policy,
        disabled=is_disabled(name, settings),
        config={
            "name": name,
            "entryPoint": name,
            "scriptFile": script_file,
            "language": "python",
            "functionDirectory": directory,
            "bindings": members,
        },
    )
    return _finished(spec, settings, validate(spec, kinds), errors, Source(script))


def mark_name_conflicts(specs: Iterable[FunctionSpec]) -> tuple[FunctionSpec, ...]:
    """The functions, with an error on each whose name one before it has, whatever the case."""
    first: dict[str, str] = {}
    marked: list[FunctionSpec] = []
    for spec in specs:
        other = first.get(spec.name.lower())
        if other is None:
            first[spec.name.lower()] = spec.name
        else:
            message = f"The function name '{spec.name}' conflicts with the function '{other}'."
            hint = "Names of functions must differ in more than their case."
            text = str(FunctionError(message, where=Where(spec.script_file or None), hint=hint))
            spec = replace(spec, error=f"{spec.error}\n{text}" if spec.error else text)
        marked.append(spec)
    return tuple(marked)


def is_disabled(name: str, environ: Mapping[str, str]) -> bool:
    """Whether an app setting disables the function."""
    settings = app_settings(environ)
    return settings.is_true(f"AzureWebJobs.{name}.Disabled") or settings.is_true(
        f"AzureWebJobs_{name}_Disabled"
    )


def _says_disabled(value: Any, settings: AppSettings) -> bool:
    """`disabled` of function.json: true, or the name of a setting that is."""
    if not isinstance(value, str):
        return value is True
    return value.strip().lower() == "true" or settings.is_true(value.strip().strip("%"))


def _script_file(directory: Path, given: Any) -> tuple[str, Problem | None]:
    """The absolute path of the function's module, and what is wrong with it."""
    if given is not None and not isinstance(given, str):
        return "", Problem("'scriptFile' must be the path of a file.", ("scriptFile",))
    if given:
        path = os.path.normpath(directory / given)
        if not os.path.isfile(path):
            hint = f"There is no {path}."
            return path, Problem(_MISSING_SCRIPT, ("scriptFile",), hint=hint)
    else:
        name = _default_script(directory)
        if name is None:
            hint = "Add __init__.py or name the file in 'scriptFile'."
            return "", Problem(_NO_SCRIPT, hint=hint)
        path = str(directory / name)
    if not path.lower().endswith(".py"):
        message = f"The script file '{os.path.basename(path)}' is not a Python file."
        return path, Problem(message, ("scriptFile",))
    return path, None


def _default_script(directory: Path) -> str | None:
    files = sorted(entry.name for entry in directory.iterdir() if entry.is_file())
    files = [name for name in files if name.lower() != FILE_NAME]
    if len(files) == 1:
        return files[0]
    by_name = {name.lower(): name for name in files}
    return by_name.get("run.py") or by_name.get("__init__.py")


def _finished(
    spec: FunctionSpec,
    settings: AppSettings,
    problems: list[Problem],
    errors: list[LazuliteError],
    place: Source,
) -> FunctionSpec:
    """The function with `%SETTING%` replaced and all that is wrong with it in `error`."""
    bindings = []
    for index, binding in enumerate(spec.bindings):
        members: dict[str, Any] = {}
        for name, value in binding.properties.items():
            try:
                members[name] = _replaced(value, settings)
            except SettingError as error:
                members[name] = value
                path = ("bindings", index, name)
                problems.append(Problem(error.message, path, binding.name, error.hint))
        bindings.append(replace(binding, properties=members))
    texts = [_explain(problems, place)] if problems else []
    texts += [str(error) for error in errors]
    return replace(spec, bindings=tuple(bindings), error="\n".join(texts) or None)


def _replaced(value: Any, settings: AppSettings) -> Any:
    if isinstance(value, str):
        return replace_settings(value, settings)
    if isinstance(value, list):
        return [_replaced(item, settings) for item in value]
    if isinstance(value, dict):
        return {name: _replaced(item, settings) for name, item in value.items()}
    return value


def _explain(problems: Iterable[Problem], place: Source) -> str:
    texts = []
    for problem in problems:
        where = replace(place.where(problem.path), binding=problem.binding)
        texts.append(str(FunctionError(problem.message, where=where, hint=problem.hint)))
    return "\n".join(texts)


def _are_objects(bindings: Any) -> bool:
    return isinstance(bindings, list) and all(isinstance(item, dict) for item in bindings)
