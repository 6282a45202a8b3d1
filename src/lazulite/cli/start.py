"""`func start`: the options, and the hand-over to the host."""

from __future__ import annotations

from typing import Any

import click

from lazulite.cli.console import examples
from lazulite.cli.project import find_root
from lazulite.cli.run import start
from lazulite.errors import UsageError
from lazulite.host.options import StartOptions

DEBUG = ("debug", "debug_wait", "debug_port")
LEVELS = ["Trace", "Debug", "Information", "Warning", "Error", "Critical", "None"]


@click.command(
    epilog=examples(
        "func start",
        "func start --port 8080 --cors https://example.com --verbose",
        "func start --functions hello nightly",
        "func start --debug",
        "func start --json-output | jq .message",
    ),
)
@click.option(
    "-p",
    "--port",
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes a free one. [default: Host.LocalHttpPort, else 7071]",
)
@click.option("--address", help="Address to listen on. [default: 127.0.0.1]")
@click.option("--cors", metavar="ORIGINS", help="Allowed origins, comma-separated, or *.")
@click.option(
    "--cors-credentials",
    is_flag=True,
    default=None,
    help="Allow credentials in cross-origin requests.",
)
@click.option(
    "--functions",
    multiple=True,
    metavar="NAME ...",
    help="Run only these functions.",
)
@click.argument("more", nargs=-1, metavar="")
@click.option(
    "-t",
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=20.0,
    show_default=True,
    help="Seconds to wait for the worker to be ready.",
)
@click.option("--useHttps", "--use-https", "use_https", is_flag=True, help="Serve HTTPS.")
@click.option(
    "--cert",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True),
    help="Certificate with its key (.pfx or .pem). [default: a self-signed one]",
)
@click.option("--password", help="Password of the certificate, or the file that holds it.")
@click.option(
    "--enableAuth",
    "--enable-auth",
    "enable_auth",
    is_flag=True,
    help="Check the keys, as in Azure.",
)
@click.option(
    "--user-log-level",
    type=click.Choice(LEVELS, case_sensitive=False),
    help="Least severe level of your functions' logs to show.",
)
@click.option("--verbose", is_flag=True, help="Show the host's own logs too.")
@click.option(
    "--json-output",
    "--enable-json-output",
    "json_output",
    is_flag=True,
    help="Log one JSON object a line.",
)
@click.option("--json-output-file", metavar="FILE", help="Write the JSON lines into a file.")
@click.option("--debug", is_flag=True, help="Let a debugger attach, on port 9091.")
@click.option("--debug-wait", is_flag=True, help="Wait for the debugger before loading the app.")
@click.option(
    "--debug-port",
    type=click.IntRange(0, 65535),
    help="Let a debugger attach on this port; 0 takes a free one.",
)
@click.option("--python", metavar="PATH", help="The interpreter to run the app with.")
@click.option("--listeners/--no-listeners", default=True, hidden=True)
@click.option("--no-build", is_flag=True, hidden=True)
@click.option("--runtime", hidden=True)
@click.option("--language-worker", hidden=True)
@click.pass_obj
def command(started: object, /, **given: Any) -> int:
    """Run the app in this folder until Ctrl-C."""
    if given.pop("language_worker"):
        raise UsageError(
            "--language-worker is not offered: the worker takes no options of its own.",
            hint="To attach a debugger use `func start --debug`.",
        )
    del given["no_build"], given["runtime"]
    return start(options(find_root(), given), started)


def options(root: str, given: dict[str, Any]) -> StartOptions:
    """StartOptions of the command line's values. Raises UsageError when they contradict."""
    more = given.pop("more")
    if more and not given["functions"]:
        raise UsageError(f"Error: unknown argument {more[0]}", hint="See `func start --help`.")
    named = ",".join([*given["functions"], *more]).replace(" ", ",")
    given["functions"] = tuple(name for name in named.split(",") if name)
    if given["cors"] is not None:
        given["cors"] = tuple(o.strip() for o in given["cors"].split(",") if o.strip())
    given["debug"] = any(given[name] not in (False, None) for name in DEBUG)
    given["use_https"] = given["use_https"] or given["cert"] is not None
    if given["password"] and not given["cert"]:
        raise UsageError("--password is the certificate's: name that too, with --cert.")
    return StartOptions(root=root, **given)
