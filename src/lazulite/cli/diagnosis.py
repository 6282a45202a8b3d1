"""The checks of `func doctor`: each looks at one thing and yields findings, none changes any."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lazulite.bindings import known_kinds
from lazulite.cli.binding_rules import BindingRules
from lazulite.cli.ignore import PACKAGES
from lazulite.config.app import AppConfig
from lazulite.config.connections import find_connection
from lazulite.config.functions import decorated_function, function_folders, mark_name_conflicts
from lazulite.config.python import Interpreter
from lazulite.errors import ExpressionError, LazuliteError, SettingError, Where
from lazulite.expr.ncrontab import Schedule
from lazulite.host import runtime_file
from lazulite.model import FunctionSpec, spec_to_wire

Level = Literal["error", "warning", "note"]

DEFAULT_PORT = 7071
_PROBE_SECONDS = 60.0
_STORAGE = ("queuetrigger", "queue", "blobtrigger", "blob", "table")
_REQUIREMENT = re.compile(r"^([A-Za-z0-9][\w.\-]*)\s*(?:\[[^\]]*\])?\s*(==\s*[\w.+!\-]+$)?")


@dataclass(frozen=True)
class Finding:
    """One thing that was found: `check` is what was looked at, `mend` what to do about it."""

    level: Level
    check: str
    message: str
    where: str = ""
    mend: str = ""


def of_error(check: str, error: LazuliteError, level: Level = "error") -> Finding:
    where = str(error.where) if error.where else ""
    return Finding(level, check, error.message, where, error.hint or "")


def layout(root: str, script: str) -> Iterator[Finding]:
    """Files that should be there, and names that get in the way."""
    if not os.path.isfile(os.path.join(root, "host.json")):
        message = "There is no host.json; the defaults are used here, and Azure needs the file."
        yield Finding("warning", "layout", message, root, "func init writes it.")
    if not os.path.isfile(os.path.join(root, "requirements.txt")):
        message = "There is no requirements.txt: no packages will be installed where it runs."
        yield Finding("warning", "layout", message, root, "func init writes it.")
    folders = function_folders(root)
    if os.path.isfile(os.path.join(root, script)) and folders:
        yield Finding(
            "warning",
            "layout",
            f"{script} declares functions, so these folders are ignored: {', '.join(folders)}.",
            root,
            "Keep one model: move the functions, or remove the folders.",
        )
    with os.scandir(root) as entries:
        names = sorted(
            entry.name.removesuffix(".py")
            for entry in entries
            if entry.name.endswith(".py") or os.path.isfile(os.path.join(entry, "__init__.py"))
        )
    for name in names:
        if name == "azure":
            message = "A module of the app called 'azure' hides the azure packages."
            yield Finding("error", "layout", message, os.path.join(root, name), "Rename it.")
        elif name in sys.stdlib_module_names and name not in folders:
            message = f"'{name}' is also a module of Python: which one is imported is luck."
            yield Finding("warning", "layout", message, os.path.join(root, name), "Rename it.")


def secrets_in_git(root: str) -> Iterator[Finding]:
    """local.settings.json holds secrets: it belongs into no repository."""
    git = shutil.which("git")
    name = "local.settings.json"
    if git is None or not os.path.isfile(os.path.join(root, name)):
        return
    tracked = subprocess.run(
        [git, "-C", root, "ls-files", "--error-unmatch", name], capture_output=True
    )
    if tracked.returncode == 0:
        message = f"{name} is in the git repository, with the secrets that it holds."
        mend = f"git rm --cached {name}, add it to .gitignore, and change the secrets."
        yield Finding("warning", "settings", message, os.path.join(root, name), mend)


def port(app: AppConfig) -> Iterator[Finding]:
    """Whether the port that `func start` will listen on is free."""
    wanted = app.local.host.port or DEFAULT_PORT
    address = app.local.host.address or "127.0.0.1"
    running = runtime_file.read(runtime_file.place(app.root))
    if running is not None and running.port == wanted:
        return  # this app itself
    try:
        infos = socket.getaddrinfo(address, wanted, type=socket.SOCK_STREAM)
        family, kind, protocol, _, place = infos[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        reason = "is in use" if taken else f"cannot be used: {error.strerror or error}"
        yield Finding(
            "warning",
            "port",
            f"Port {wanted} of {address} {reason}.",
            mend="Close the process using that port, or specify another port using --port [-p].",
        )


def probe(app: AppConfig, interpreter: Interpreter) -> dict[str, Any] | Finding:
    """What the probe found in the app's interpreter, or why it could not look."""
    import lazulite

    site = os.path.join(app.root, PACKAGES, "lib", "site-packages")
    with tempfile.TemporaryDirectory(prefix="func-doctor-") as folder:
        result = os.path.join(folder, "result.json")
        options = {
            "package": os.path.dirname(os.path.abspath(lazulite.__file__)),
            "root": app.root,
            "search": [site] if os.path.isdir(site) else [],
            "script": app.script_name if app.has_script else None,
            "functions": [spec_to_wire(spec) for spec in app.functions if not spec.error],
            "result": result,
        }
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "probe.py")
        version = ".".join(map(str, interpreter.version[:2]))
        environ = app.worker_environment(version)
        environ["PYTHONDONTWRITEBYTECODE"] = "1"
        where = Where(file=interpreter.path)
        try:
            done = subprocess.run(
                [interpreter.path, script, json.dumps(options)],
                cwd=app.root,
                env=environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_PROBE_SECONDS,
            )
        except subprocess.TimeoutExpired:
            return Finding(
                "error",
                "imports",
                f"Importing the functions did not end within {_PROBE_SECONDS:.0f} seconds.",
                app.root,
                "Move what waits or loops out of the top level of the modules.",
            )
        except OSError as error:
            return Finding("error", "interpreter", f"It cannot be run: {error}.", str(where))
        try:
            with open(result, encoding="utf-8") as file:
                answer: dict[str, Any] = json.load(file)
        except (OSError, ValueError):
            told = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
            return Finding(
                "error",
                "imports",
                f"The interpreter ended with code {done.returncode} while it imported the "
                f"functions. {' '.join(told)}".strip(),
                app.root,
            )
    return answer


def imports(app: AppConfig, answer: Mapping[str, Any], python: str) -> Iterator[Finding]:
    """What went wrong when the functions were imported."""
    if "library" in answer:
        yield Finding(
            "error",
            "imports",
            f"azure.functions cannot be imported: {answer['library']}",
            python,
            f"{python} -m pip install azure-functions",
        )
        return
    if answer["problem"]:
        yield _import_problem(answer["problem"], "", app.script_file)
    for row in (*answer["v2"], *answer["v1"]):
        if row["problem"]:
            yield _import_problem(row["problem"], row["name"], "")
        elif row.get("signature"):
            where = str(Where(function=row["name"]))
            mend = "Parameters and bindings must have the same names and fitting types."
            yield Finding("error", "functions", row["signature"], where, mend)
    if not answer["problem"] and not answer["v2"] and not app.functions:
        yield Finding(
            "warning",
            "functions",
            "The app has no functions.",
            app.root,
            'func new --template "HTTP trigger" --name hello',
        )


def _import_problem(problem: Mapping[str, Any], function: str, file: str) -> Finding:
    message = str(problem["message"]).partition(". Cannot find module.")[0]
    missing = re.search(r"No module named '([\w.]+)'", message)
    mend = "Mend the code there."
    if missing:
        mend = f"Add the package of '{missing[1]}' to requirements.txt and install it."
    where = Where(problem["file"] or file or None, problem["line"] or None, function=function)
    return Finding("error", "imports", message, str(where), mend)


def declared(app: AppConfig, answer: Mapping[str, Any]) -> list[FunctionSpec]:
    """The functions that will run: of the v2 module, or else of the folders."""
    if not answer.get("v2"):
        return list(app.functions)
    specs = [
        decorated_function(
            app.root,
            app.settings,
            name=row["name"],
            raw_bindings=row["bindings"],
            script_file=app.script_name,
            retry=row["retry"],
            default_retry=app.host.retry,
        )
        for row in answer["v2"]
        if not row["problem"]
    ]
    return list(mark_name_conflicts(specs))


def functions(app: AppConfig, specs: list[FunctionSpec]) -> Iterator[Finding]:
    """What each function declares: kinds, schedules, connections, members, routes."""
    rules = BindingRules(app)
    for spec in specs:
        if spec.error:
            yield Finding("error", "functions", spec.error, str(Where(function=spec.name)))
        elif spec.disabled:
            message = f"Function '{spec.name}' is disabled."
            yield Finding("note", "functions", message, str(Where(function=spec.name)))
        found = [*_kinds(spec), *_schedule(spec), *_connections(app, spec, rules)]
        yield from found
        if not spec.error and not any(finding.level == "error" for finding in found):
            problem = rules.problem(spec)
            if problem is not None:
                yield Finding("error", "bindings", problem)
    yield from _routes(specs)


def _kinds(spec: FunctionSpec) -> Iterator[Finding]:
    for binding in spec.bindings:
        if binding.type and binding.kind not in known_kinds():
            yield Finding(
                "error",
                "bindings",
                f"The binding type(s) '{binding.type}' are not registered: this version does not "
                "run them yet.",
                str(Where(function=spec.name, binding=binding.name)),
                f"There are: {', '.join(sorted(known_kinds()))}.",
            )


def _schedule(spec: FunctionSpec) -> Iterator[Finding]:
    trigger = spec.trigger
    if trigger is None or trigger.kind != "timertrigger":
        return
    schedule = str(trigger.get("schedule", ""))
    if "%" in schedule:
        return  # the setting that it names is missing: told with the function's errors
    try:
        Schedule.parse(schedule)
    except ExpressionError as error:
        where = str(Where(function=spec.name, binding=trigger.name))
        yield Finding("error", "schedule", error.message, where, error.hint or "")


def _connections(app: AppConfig, spec: FunctionSpec, rules: BindingRules) -> Iterator[Finding]:
    for binding in spec.bindings:
        if binding.kind not in _STORAGE:
            continue
        default = binding.get("connection") in (None, "", "AzureWebJobsStorage")
        if default and find_connection("", app.settings) is None:
            message = "AzureWebJobsStorage is not set: the embedded store serves."
            where = str(Where(function=spec.name, binding=binding.name))
            yield Finding("note", "connections", message, where)
            continue
        try:
            rules.connection(spec, binding)
        except SettingError as error:
            yield of_error("connections", error)


def _routes(specs: list[FunctionSpec]) -> Iterator[Finding]:
    seen: list[tuple[str, frozenset[str] | None, str]] = []
    for spec in specs:
        trigger = spec.trigger
        if trigger is None or not spec.is_http:
            continue
        route = str(trigger.get("route") or spec.name).strip("/").lower()
        listed = trigger.get("methods")
        methods = frozenset(str(m).upper() for m in listed) if listed else None
        for other, theirs, name in seen:
            if other == route and (methods is None or theirs is None or methods & theirs):
                message = (
                    f"The route specified conflicts with the route defined by function '{name}'."
                )
                where = str(Where(function=spec.name, binding=trigger.name))
                yield Finding("error", "routes", message, where, "Change one of the routes.")
        seen.append((route, methods, spec.name))


def requirements(
    app: AppConfig, installed: Mapping[str, str], python: str, path: str = "requirements.txt"
) -> Iterator[Finding]:
    """Whether what requirements.txt asks for is there; markers and URLs are not judged."""
    file = os.path.join(app.root, path)
    try:
        with open(file, encoding="utf-8-sig") as opened:
            lines = opened.read().splitlines()
    except OSError:
        return
    mend = f"{python} -m pip install -r {path}"
    names = set()
    for number, line in enumerate(lines, 1):
        text = line.partition(" #")[0].strip()
        match = _REQUIREMENT.match(text)
        if match is None or ";" in text or "@" in text:
            continue
        name = re.sub(r"[-_.]+", "-", match[1]).lower()
        names.add(name)
        where = str(Where(file=file, line=number))
        have = installed.get(name)
        pinned = match[2].lstrip("= ") if match[2] else None
        if have is None:
            yield Finding("error", "packages", f"{match[1]} is not installed.", where, mend)
        elif pinned and "*" not in pinned and have != pinned:
            message = f"{match[1]} is {have}, not {pinned}."
            yield Finding("warning", "packages", message, where, mend)
    if "azure-functions" not in names and not any(line.startswith("-r") for line in lines):
        message = "requirements.txt does not name azure-functions, which Azure needs there."
        yield Finding("warning", "packages", message, file, "Add the line azure-functions.")
