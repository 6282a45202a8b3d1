"""`func new`: a function from a template, into the app's own model."""

from __future__ import annotations

import os
import re

import click

from lazulite.cli import new_v1, new_v2
from lazulite.cli.console import choose, examples, interactive, say
from lazulite.cli.local_settings import LocalSettings
from lazulite.cli.project import find_root, script_file
from lazulite.cli.refusals import only_python
from lazulite.cli.templates import TEMPLATES, Template, fill, find
from lazulite.errors import UsageError

_QUEUE = re.compile(r"^[a-z0-9](-?[a-z0-9]){2,62}$")
_TABLE = re.compile(r"^[A-Za-z][A-Za-z0-9]{2,62}$")
_UNSAFE = re.compile(r'["\\\x00-\x1f]')


def _names(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    offered = (t.name for t in TEMPLATES if t.offered)
    return [name for name in offered if name.lower().startswith(incomplete.lower())]


@click.command(
    epilog=examples(
        'func new --template "HTTP trigger" --name hello --authlevel anonymous',
        'func new -t "Timer trigger" -n nightly --schedule "0 0 3 * * *"',
        'func new -t "Queue trigger" -n take_order --queue orders --file orders.py',
        "func templates list",
    ),
)
@click.option(
    "-t", "--template", metavar="NAME", shell_complete=_names, help="See `func templates list`."
)
@click.option("-n", "--name", help="The function's name.")
@click.option(
    "-f",
    "--file",
    metavar="FILE",
    help="v2 model: put it into this file, as a blueprint that the app registers.",
)
@click.option(
    "-a",
    "--authlevel",
    "auth",
    type=click.Choice(["function", "anonymous", "admin"], case_sensitive=False),
    help="HTTP: who may call it. [default: function]",
)
@click.option("--route", help="HTTP: its route. [default: the name]")
@click.option("--schedule", help="Timer: when. [default: every five minutes]")
@click.option("--queue", help="Queue: the queue's name.")
@click.option("--path", help="Blob: container and pattern, as samples/{name}.")
@click.option("--table", help="Table: the table's name.")
@click.option("--connection", help="Storage: the setting that holds the connection.")
@click.option("-l", "--language", hidden=True)
@click.option("--csx", is_flag=True, hidden=True)
def command(
    template: str | None,
    name: str | None,
    file: str | None,
    language: str | None,
    csx: bool,
    **inputs: str | None,
) -> None:
    """Add a function to the app from a template."""
    only_python("csharp" if csx else language)
    root = find_root()
    chosen = _template(template)
    v2 = os.path.isfile(os.path.join(root, script_file(root)))
    if file is not None and not v2:
        raise UsageError(
            "--file is for the v2 model, and this app has no function_app.py.",
            hint="Leave it out: in the v1 model each function has its folder.",
        )
    name = _name(name, chosen)
    (new_v2 if v2 else new_v1).check_name(name)
    values = _values(chosen, name, inputs)
    if v2:
        changed = new_v2.add(root, script_file(root), chosen, name, values, file)
    else:
        changed = new_v1.add(root, chosen, name, values)
    for path in changed:
        say(f"Writing {path}")
    say(f'The function "{name}" was created successfully from the "{chosen.name}" template.')
    if not _remind(root, values.get("connection")):
        say(f"  Try it: {_trial(chosen, values)}")


def _template(name: str | None) -> Template:
    offered = [template.name for template in TEMPLATES if template.offered]
    if name is None:
        if not interactive():
            raise UsageError(
                "Which template? Name one with --template.",
                hint="There are: " + ", ".join(offered) + ".",
            )
        name = choose("Select a template:", offered)
    template = find(name)
    if template is None:
        from difflib import get_close_matches

        lower = {known.lower(): known for known in offered}
        close = get_close_matches(name.lower(), lower, n=1)
        guess = f'Did you mean "{lower[close[0]]}"? ' if close else ""
        raise UsageError(
            f"Unknown template '{name}'.", hint=f"{guess}There are: {', '.join(offered)}."
        )
    if not template.offered:
        raise UsageError(
            f"The template '{template.name}' is not offered: this version does not run such "
            "functions yet.",
            hint="There are: " + ", ".join(offered) + ".",
        )
    return template


def _name(name: str | None, template: Template) -> str:
    if name is not None:
        return name
    if not interactive():
        raise UsageError("The function needs a name.", hint="Give it with --name.")
    return str(click.prompt("Function name", default=template.default_name)).strip()


def _values(template: Template, name: str, given: dict[str, str | None]) -> dict[str, str]:
    """What the template's texts are filled with. Raises UsageError for what does not fit it."""
    values = {"name": name, **template.inputs}
    for key, value in given.items():
        if value is None:
            continue
        flag = "--authlevel" if key == "auth" else f"--{key}"
        if key not in template.inputs:
            raise UsageError(f"{flag} does not belong to the template '{template.name}'.")
        if not value.strip() or _UNSAFE.search(value):
            raise UsageError(f"{flag}: {value!r} cannot be used here.")
        values[key] = value
    if "route" in values:
        values["route"] = (values["route"] or name).strip("/")
    if "auth" in values:
        values["auth"] = values["auth"].lower()
        values["AUTH"] = values["auth"].upper()
    _check("queue", values, _QUEUE, "3 to 63 of a-z, 0-9 and single hyphens between them")
    _check("table", values, _TABLE, "3 to 63 letters and digits, a letter first")
    if "path" in values and "/" not in values["path"].strip("/"):
        values["path"] = values["path"].strip("/") + "/{name}"
    return values


def _check(key: str, values: dict[str, str], rule: re.Pattern[str], text: str) -> None:
    value = values.get(key)
    if value is not None and "%" not in value and not rule.match(value):
        raise UsageError(f"--{key}: '{value}' is not a valid {key} name ({text}).")


def _remind(root: str, connection: str | None) -> bool:
    """Say that the connection's setting is missing, if it is; whether it is."""
    if connection in (None, "", "AzureWebJobsStorage"):
        return False  # without it the embedded store serves
    settings = LocalSettings.open(root).values()
    if connection in settings or f"AzureWebJobs{connection}" in settings:
        return False
    say(f"  Set its connection: func settings add {connection} CONNECTION_STRING")
    return True


def _trial(template: Template, values: dict[str, str]) -> str:
    """The command that calls the new function."""
    blob = re.sub(r"\{[^{}]*\}", "note", values.get("path", ""))
    line = fill(template.trial, {**values, "blob": blob})
    for part in re.findall(r"\{\*?(\w+)", values.get("route", "")):
        line += f" -p {part}=VALUE"
    return line
