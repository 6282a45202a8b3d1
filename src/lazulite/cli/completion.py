"""`func completion`: the script that teaches a shell the commands and their options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from lazulite.cli.console import examples, say
from lazulite.cli.run import completion_variable


@click.command(
    epilog=examples(
        'eval "$(func completion bash)"          # in ~/.bashrc',
        'eval "$(func completion zsh)"           # in ~/.zshrc',
        "func completion fish > ~/.config/fish/completions/func.fish",
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of SHELL."""
    prog = (ctx.find_root().info_name or "func").split()[0]
    kind = get_completion_class(shell)
    assert kind is not None
    # the template alone: `source()` would first run bash to learn its version
    script = kind(ctx.command, {}, prog, completion_variable(prog))
    say(script.source_template % script.source_vars())
