"""`func` itself: the group whose verbs are imported when called."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

from lazulite import __version__
from lazulite.cli.table import NOT_OFFERED, VERBS
from lazulite.errors import UsageError


class Verbs(click.Group):
    """The verbs of the table; help and completion read the table alone."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command: click.Command = import_module(VERBS[cmd_name][0]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name in NOT_OFFERED:
            raise UsageError(NOT_OFFERED[name])
        if name not in VERBS:
            raise UsageError(f"Error: unknown argument {name}", hint=_suggestion(name))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in VERBS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        return [
            CompletionItem(name, help=text)
            for name, (_, text) in VERBS.items()
            if name.startswith(incomplete)
        ]


def _suggestion(name: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name.lower(), [*VERBS, *NOT_OFFERED], n=1, cutoff=0.6)
    if close:
        return f"Did you mean `func {close[0]}`?"
    return "`func --help` lists the commands."


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(__version__)
        ctx.exit(0)


@click.group(
    cls=Verbs,
    invoke_without_command=True,
    epilog="""\b
Examples:
  func init shop && cd shop
  func new --template "HTTP trigger" --name hello
  func start
  func invoke hello -q name=you

Each command has its own examples: func COMMAND --help.""",
)
@click.option("--script-root", "--prefix", metavar="DIR", help="Work in this folder.")
@click.option("--debug", is_flag=True, help="Show the stack of an error.")
@click.option(
    "-v",
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Print the version.",
)
@click.pass_context
def command(ctx: click.Context, /, **_: Any) -> None:
    """Create, run, check and pack Azure Functions apps written in Python."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
