"""A new function of the v2 model: appended to function_app.py or to a blueprint."""

from __future__ import annotations

import ast
import keyword
import os
import re
import sys

from lazulite.cli.files import write_text
from lazulite.cli.python_source import (
    Source,
    decorated_functions,
    insert,
    parse,
    python_files,
)
from lazulite.cli.templates import Template
from lazulite.errors import FileSyntaxError, UsageError, Where

_NAME = re.compile(r"^[a-zA-Z][a-zA-Z0-9_]{0,126}[a-zA-Z0-9]$")
_NEW_BLUEPRINT = "import azure.functions as func\n\nbp = func.Blueprint()\n"


def check_name(name: str) -> None:
    """The original's rule, and what Python can call a function. Raises UsageError."""
    if not _NAME.match(name) or keyword.iskeyword(name) or name.lower() == "host":
        raise UsageError(
            f"'{name}' is not a valid function name.",
            hint="2 to 128 letters, digits and underscores: a letter first, no underscore last, "
            "no word of the Python language, not 'host'.",
        )


def add(
    root: str, script: str, template: Template, name: str, values: dict[str, str], file: str | None
) -> list[str]:
    """Add the function to `script`, or to the blueprint `file`; returns the files changed.

    All is checked before anything is written. Raises UsageError or FileSyntaxError.
    """
    _unique(root, name)
    main = Source.read(os.path.join(root, script))
    app = main.app()
    if app is None:
        raise UsageError(
            f"{main.path} has no app object to add the function to.",
            hint="Add `app = func.FunctionApp()` to it.",
        )
    if file is None or os.path.abspath(os.path.join(root, file)) == main.path:
        _write(main, _with_function(main, template, name, app[0], values))
        return [main.path]
    path, module = _module(root, file)
    exists = os.path.exists(path)
    blueprint = Source.read(path) if exists else _new(path)
    variable = blueprint.blueprint()
    if variable is None:
        raise UsageError(
            f"{path} has no blueprint to add the function to.",
            hint="Add `bp = func.Blueprint()` to it.",
        )
    registered = main.imports_module(module)
    extended = _with_function(blueprint, template, name, variable[0], values)
    registration = None if registered else _registering(main, module, variable[0], app)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    _write(blueprint, extended)
    if registration is None:
        return [path]
    _write(main, registration)
    return [path, main.path]


def _unique(root: str, name: str) -> None:
    for path in python_files(root):
        try:
            names = list(decorated_functions(Source.read(path).tree))
        except FileSyntaxError:
            # a broken file elsewhere is not this command's business; the ones it edits are
            continue
        if name.lower() in (known.lower() for known in names):
            raise UsageError(
                f"A function named '{name}' exists already in {path}.",
                hint="Function names must be unique: choose another one with --name.",
            )


def _new(path: str) -> Source:
    return Source(path, _NEW_BLUEPRINT, parse(_NEW_BLUEPRINT, path))


def _module(root: str, file: str) -> tuple[str, str]:
    """Path and module name of a blueprint. Raises UsageError when it cannot be imported."""
    path = os.path.abspath(os.path.join(root, file))
    inside = os.path.relpath(path, root)
    parts = inside.removesuffix(".py").split(os.sep)
    if not inside.endswith(".py") or not all(p.isidentifier() for p in parts):
        raise UsageError(
            f"--file: '{file}' is not a Python module inside the app.",
            hint="Name it like orders.py or blueprints/orders.py.",
        )
    if parts[0] in sys.stdlib_module_names or parts[0] in ("azure", "granian"):
        raise UsageError(
            f"--file: '{file}' would hide the module '{parts[0]}' from the app.",
            hint="Choose another name.",
        )
    return path, ".".join(parts)


def _with_function(
    source: Source, template: Template, name: str, variable: str, values: dict[str, str]
) -> str:
    """The file's text with the function at its end and the imports that it needs."""
    taken = source.names()
    library = source.alias("azure.functions")
    missing_library = library is None
    if library is None:
        library = "azure.functions" if "func" in taken else "func"
    filled = template.text("v2", {**values, "app": variable, "func": library})
    tree = parse(filled, template.folder)
    modules = [
        alias.name
        for node in tree.body
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name != "azure.functions"
    ]
    if name in taken or name in modules or name == library.split(".")[0]:
        raise UsageError(
            f"The name '{name}' has a meaning already in {source.path}.",
            hint="Choose another one with --name.",
        )
    definition = next(node for node in tree.body if isinstance(node, ast.FunctionDef))
    first = definition.decorator_list[0].lineno
    body = "\n".join(filled.split("\n")[first - 1 :]).rstrip("\n")
    text = source.text
    standard = [f"import {m}" for m in modules if source.alias(m) != m]
    if missing_library:
        line = "import azure.functions"
        text = insert(text, source.import_line(), [line if "." in library else f"{line} as func"])
    if standard:
        text = insert(text, *source.standard_imports(standard))
    text = f"{text.rstrip()}\n\n\n{body}\n"
    _verify(text, source.path)
    return text


def _registering(main: Source, module: str, variable: str, app: tuple[str, int]) -> str:
    """function_app.py with the blueprint imported and registered."""
    local = f"{module.rpartition('.')[2]}_{variable}"
    if local in main.names():
        raise UsageError(
            f"The name '{local}' has a meaning already in {main.path}.",
            hint=f"Register the blueprint of {module} there yourself.",
        )
    text = insert(main.text, app[1], ["", f"{app[0]}.register_functions({local})"])
    text = insert(text, main.import_line(), [f"from {module} import {variable} as {local}"])
    _verify(text, main.path)
    return text


def _verify(text: str, path: str) -> None:
    try:
        parse(text, path)
    except FileSyntaxError as error:
        raise UsageError(
            f"The function does not fit into {path}: {error.message}", where=Where(file=path)
        ) from None


def _write(source: Source, text: str) -> None:
    write_text(source.path, source.edited(text))
