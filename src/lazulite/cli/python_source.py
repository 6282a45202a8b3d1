"""Reading and extending function_app.py and blueprints: what is not added stays as it was."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from lazulite.errors import FileSyntaxError, Where

_APPS = ("FunctionApp", "AsgiFunctionApp", "WsgiFunctionApp")


@dataclass(frozen=True)
class Source:
    """A Python file, parsed. Line ends are kept apart so that edits need not care."""

    path: str
    text: str
    tree: ast.Module
    crlf: bool = False
    mark: bool = False

    @classmethod
    def read(cls, path: str) -> Source:
        """Raises FileSyntaxError when the file is not Python."""
        with open(path, "rb") as file:
            raw = file.read()
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            raise FileSyntaxError("not UTF-8 text.", where=Where(file=path)) from None
        plain = text.removeprefix("\ufeff")
        return cls(
            path,
            plain.replace("\r\n", "\n"),
            parse(plain, path),
            crlf="\r\n" in text,
            mark=plain != text,
        )

    def edited(self, text: str) -> str:
        """`text` with this file's line ends and byte order mark."""
        text = text.replace("\n", "\r\n") if self.crlf else text
        return "\ufeff" + text if self.mark else text

    def names(self) -> set[str]:
        """The names that the module's top level binds."""
        return {name for node in self.tree.body for name in _bound(node)}

    def instance(self, *classes: str) -> tuple[str, int] | None:
        """Name and last line of the first top-level variable that is made by calling a class."""
        for node in self.tree.body:
            if isinstance(node, ast.Assign):
                targets, value = node.targets, node.value
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                targets, value = [node.target], node.value
            else:
                continue
            if isinstance(value, ast.Call) and last_name(value.func) in classes:
                for target in targets:
                    if isinstance(target, ast.Name):
                        return target.id, node.end_lineno or node.lineno
        return None

    def app(self) -> tuple[str, int] | None:
        return self.instance(*_APPS)

    def blueprint(self) -> tuple[str, int] | None:
        return self.instance("Blueprint")

    def alias(self, module: str) -> str | None:
        """The name under which the file has imported `module`."""
        parent, _, child = module.rpartition(".")
        for node in self.tree.body:
            if isinstance(node, ast.Import):
                for name in node.names:
                    if name.name == module:
                        return name.asname or module
            elif isinstance(node, ast.ImportFrom) and node.module == parent and parent:
                for name in node.names:
                    if name.name == child:
                        return name.asname or child
        return None

    def imports_module(self, module: str) -> bool:
        """Whether the file imports `module` or something from it."""
        return any(
            (isinstance(node, ast.ImportFrom) and node.module == module)
            or (isinstance(node, ast.Import) and any(n.name == module for n in node.names))
            for node in ast.walk(self.tree)
        )

    def import_line(self) -> int:
        """The number of lines that stay above a new import."""
        last = 0
        for node in self.tree.body:
            docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            if isinstance(node, ast.Import | ast.ImportFrom) or (docstring and last == 0):
                last = node.end_lineno or node.lineno
            else:
                break
        if last == 0 and self.tree.body:
            first = self.tree.body[0]
            lines = [first.lineno]
            if isinstance(first, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                lines += [decorator.lineno for decorator in first.decorator_list]
            return min(lines) - 1
        return last

    def standard_imports(self, lines: list[str]) -> tuple[int, list[str]]:
        """Where and how to put imports of the standard library: behind those that are there,
        else above the first import of something else."""
        imports = [n for n in self.tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
        future = [n for n in imports if getattr(n, "module", None) == "__future__"]
        own = [n for n in imports if isinstance(n, ast.Import) and _standard(n.names[0].name)]
        if own:
            return own[-1].end_lineno or own[-1].lineno, lines
        others = [n for n in imports if n not in future]
        if others and others[0].lineno <= self.import_line():
            return others[0].lineno - 1, [*lines, ""]
        return self.import_line(), lines


def _standard(module: str) -> bool:
    return module.split(".")[0] in sys.stdlib_module_names


def parse(text: str, path: str) -> ast.Module:
    """Raises FileSyntaxError with line and column."""
    try:
        return ast.parse(text, path)
    except SyntaxError as error:
        where = Where(file=path, line=error.lineno, column=error.offset)
        raise FileSyntaxError(f"not valid Python: {error.msg}.", where=where) from None
    except ValueError as error:
        raise FileSyntaxError(f"not valid Python: {error}.", where=Where(file=path)) from None


def insert(text: str, line: int, lines: list[str]) -> str:
    """`text` with `lines` put in after its first `line` lines."""
    split = text.split("\n")
    return "\n".join([*split[:line], *lines, *split[line:]])


def last_name(node: ast.expr) -> str:
    """`c` of `a.b.c`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def decorated_functions(tree: ast.Module) -> Iterator[str]:
    """The names of the functions that decorators of an app or blueprint register."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        calls = [d for d in node.decorator_list if isinstance(d, ast.Call)]
        methods = [c for c in calls if isinstance(c.func, ast.Attribute)]
        if not any(_registers(last_name(c.func)) for c in methods):
            continue
        named = next((c for c in methods if last_name(c.func) == "function_name"), None)
        yield (_argument(named, "name") if named else None) or node.name


def _registers(method: str) -> bool:
    return method in ("route", "schedule", "function_name") or method.endswith("_trigger")


def _argument(call: ast.Call, name: str) -> str | None:
    values = [k.value for k in call.keywords if k.arg == name] or call.args[:1]
    for value in values:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return value.value
    return None


def _bound(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        for name in node.names:
            yield name.asname or name.name.split(".")[0]
    else:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                yield inner.id


def python_files(root: str) -> Iterator[str]:
    """The app's own Python files: not those of environments, packages and hidden folders."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith((".", "__pycache__"))
            and name not in ("node_modules", "tests")
            and not os.path.exists(os.path.join(folder, name, "pyvenv.cfg"))
        )
        for name in sorted(files):
            if name.endswith(".py"):
                yield os.path.join(folder, name)
