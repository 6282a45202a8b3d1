"""`func doctor`: is the app sound, and what is to be done if not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import click

from lazulite.cli import diagnosis
from lazulite.cli.console import examples, say
from lazulite.cli.diagnosis import Finding, of_error
from lazulite.cli.project import find_root
from lazulite.errors import LazuliteError

_COLORS = {"error": "red", "warning": "yellow", "note": "cyan"}


@click.command(
    epilog=examples(
        "func doctor",
        "func doctor --json | jq '.findings[] | select(.level == \"error\")'",
        "func doctor --python .venv/bin/python",
    ),
)
@click.option("--json", "as_json", is_flag=True, help="The findings as JSON.")
@click.option("--python", metavar="PATH", help="The app's interpreter.")
def command(as_json: bool, python: str | None) -> int:
    """Check the app and say how to mend what is wrong; exit code 1 when something is.

    The functions are imported in the app's own interpreter, as a start would; nothing is changed.
    """
    root = find_root()
    facts = Facts()
    findings = list(examine(root, python, facts))
    errors = sum(finding.level == "error" for finding in findings)
    if as_json:
        _print_json(root, findings, facts, errors == 0)
    else:
        _print_text(root, findings, facts)
    return 1 if errors else 0


@dataclass
class Facts:
    """What was learnt on the way, for the summary."""

    python: str = ""
    functions: tuple[tuple[str, str], ...] = ()


def examine(root: str, python: str | None, facts: Facts) -> Iterator[Finding]:
    """All findings, in the order of a start: what cannot be read stops what depends on it."""
    from lazulite.config.app import load_app
    from lazulite.config.encryption import decrypt
    from lazulite.config.python import find_interpreter

    yield from diagnosis.secrets_in_git(root)
    try:
        app = load_app(root, os.environ, decrypt=decrypt)
    except LazuliteError as error:
        yield of_error("configuration", error)
        return
    for warning in app.warnings:
        if warning.message != "No functions were found.":
            yield of_error("settings", warning)
    yield from diagnosis.layout(root, app.script_name)
    yield from diagnosis.port(app)
    try:
        interpreter = find_interpreter(root, app.settings, python)
    except LazuliteError as error:
        yield of_error("interpreter", error)
        return
    facts.python = f"{'.'.join(map(str, interpreter.version))} ({interpreter.path})"
    if interpreter.note:
        yield Finding("note", "interpreter", interpreter.note, interpreter.path)
    answer = diagnosis.probe(app, interpreter)
    if isinstance(answer, Finding):
        yield answer
        return
    yield from diagnosis.requirements(app, answer["installed"], interpreter.path)
    yield from diagnosis.imports(app, answer, interpreter.path)
    specs = diagnosis.declared(app, answer)
    facts.functions = tuple((s.name, s.trigger.type if s.trigger else "") for s in specs)
    yield from diagnosis.functions(app, specs)


def _print_json(root: str, findings: list[Finding], facts: Facts, ok: bool) -> None:
    import json

    report = {
        "root": root,
        "python": facts.python or None,
        "functions": [{"name": name, "trigger": trigger} for name, trigger in facts.functions],
        "ok": ok,
        "findings": [asdict(finding) for finding in findings],
    }
    say(json.dumps(report, indent=2))


def _print_text(root: str, findings: list[Finding], facts: Facts) -> None:
    say(f"App:       {root}")
    if facts.python:
        say(f"Python:    {facts.python}")
    names = ", ".join(f"{name} ({trigger})" for name, trigger in facts.functions)
    if names:
        say(f"Functions: {names}")
    for finding in findings:
        say()
        level = click.style(finding.level, fg=_COLORS[finding.level], bold=True)
        say(f"{level} [{finding.check}] {finding.message}")
        if finding.where:
            say(f"  where: {finding.where}")
        if finding.mend:
            say(f"  mend:  {finding.mend}")
    say()
    say(_summary(findings))


def _summary(findings: list[Finding]) -> str:
    if not findings:
        return "All is well."
    counts = {level: sum(f.level == level for f in findings) for level in _COLORS}
    said = [f"{n} {level}{'s' if n != 1 else ''}" for level, n in counts.items() if n]
    return ", ".join(said) + "."
