"""From the arguments to the command, and from what it raises to an exit code.

Kept light: the way to `func start` imports nothing that it does not use.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lazulite.cli.options import enter, resolve, take_global
from lazulite.errors import LazuliteError

if TYPE_CHECKING:
    import click


def run(argv: Sequence[str], started: object = None) -> int:
    """Run `argv` (program name first). Returns the exit code: 0, 1, or a command's own.

    started: what `func start` has already begun for the app, see host.spawning.

    An error is one message on stderr; its stack is shown with --debug only.
    """
    prog = os.path.basename(argv[0]).removesuffix(".exe")
    if prog in ("__main__.py", "-c", ""):
        prog = "func"
    debug, debugged = "--debug" in argv, False
    try:
        args, root, debug = take_global(argv[1:])
        if root is not None:
            enter(root)
        args = resolve(args)
        debugged = args[:1] == ["start"]  # there --debug is for the app
        return _dispatch(args, prog, started)
    except LazuliteError as error:
        if debug and not debugged:
            _show_stack()
        _complain(str(error))
        return error.exit_code
    except BrokenPipeError:
        # the reader (`| head`) has gone: nothing more can be said to it
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except KeyboardInterrupt:
        _complain("Interrupted.")
        return 1
    except Exception as error:
        if debug:
            _show_stack()
            return 1
        _complain(
            f"Something went wrong inside this command: {type(error).__name__}: {error}\n"
            "  Run it again with --debug to see where, and report it."
        )
        return 1


def _dispatch(args: list[str], prog: str, started: object) -> int:
    if args[:1] == ["start"] and not _completing(prog):
        if len(args) == 1:
            from lazulite.cli.project import find_root
            from lazulite.host.options import StartOptions

            return start(StartOptions(root=find_root()), started)
        from lazulite.cli.start import command

        return invoke(command, args[1:], f"{prog} start", started)
    if args in (["--version"], ["-v"]):
        from lazulite import __version__

        print(__version__)
        return 0
    from lazulite.cli.root import command as root

    return invoke(root, args, prog)


def start(options: object, started: object = None) -> int:
    """Hand over to the host; returns its exit code."""
    from importlib import import_module

    host = import_module("lazulite.host.main")
    return int(host.start(options) if started is None else host.start(options, started))


def _completing(prog: str) -> bool:
    return completion_variable(prog) in os.environ


def completion_variable(prog: str) -> str:
    """The environment variable through which a shell asks for completions."""
    return f"_{prog.upper().replace('-', '_')}_COMPLETE"


def invoke(command: click.Command, args: list[str], prog: str, context: object = None) -> int:
    """Run a click command; its usage errors end with exit code 1, as the original's do.

    context: what the command finds as `obj` of its context.
    """
    import click

    try:
        result = command.main(
            args,
            prog_name=prog,
            complete_var=completion_variable(prog),
            standalone_mode=False,
            color=color(),
            obj=context,
            help_option_names=["-h", "--help"],  # of every verb: contexts hand it down
        )
    except click.UsageError as error:
        if error.ctx is not None:
            help_command = error.ctx.command_path
            _complain(f"Error: {error.format_message()}\n  See `{help_command} --help`.")
        else:
            _complain(f"Error: {error.format_message()}")
        return 1
    except click.ClickException as error:
        _complain(f"Error: {error.format_message()}")
        return 1
    except click.Abort:
        _complain("Interrupted.")
        return 1
    return result if isinstance(result, int) else 0


def color() -> bool | None:
    """False with NO_COLOR, True with FORCE_COLOR, None: where the output is a terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    return True if os.environ.get("FORCE_COLOR") else None


def _complain(message: str) -> None:
    wanted = color()
    red = sys.stderr.isatty() if wanted is None else wanted
    print(f"\x1b[31m{message}\x1b[0m" if red else message, file=sys.stderr)


def _show_stack() -> None:
    import traceback

    traceback.print_exc()
