"""`func templates`: what `func new` can make."""

from __future__ import annotations

import click

from lazulite.cli.console import examples, say
from lazulite.cli.refusals import only_python
from lazulite.cli.templates import TEMPLATES


@click.group(epilog=examples("func templates list"))
def command() -> None:
    """The templates of `func new`."""


@command.command("list", epilog=examples("func templates list --json"))
@click.option("-l", "--language", metavar="NAME", help="python, the one there is.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_(language: str | None, as_json: bool) -> None:
    """List the templates, with the names that the original has for them."""
    only_python(language)
    if as_json:
        import json

        rows = [
            {
                "name": t.name,
                "summary": t.summary,
                "offered": t.offered,
                "aliases": [t.folder, *t.others],
            }
            for t in TEMPLATES
        ]
        say(json.dumps(rows, indent=2))
        return
    width = max(len(t.name) for t in TEMPLATES)
    say("Python templates (v1 and v2 model):")
    for template in TEMPLATES:
        if template.offered:
            say(f"  {template.name:<{width}}  {template.summary}")
    say()
    missing = ", ".join(t.name for t in TEMPLATES if not t.offered)
    if missing:
        say(f"Not run by this version yet: {missing}.")
