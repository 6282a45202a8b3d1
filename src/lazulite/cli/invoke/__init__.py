"""`func invoke`: call one function and see what it does."""

from __future__ import annotations

import sys

import click

from lazulite.cli.console import examples
from lazulite.cli.invoke.call import call
from lazulite.cli.invoke.request import Request
from lazulite.cli.invoke.result import Result, show, show_json
from lazulite.cli.payload import pairs, payload
from lazulite.cli.project import complete_function, find_root
from lazulite.cli.running import AdminClient, find_running
from lazulite.errors import UsageError


@click.command(
    epilog=examples(
        "func invoke hello -q name=you",
        "func invoke items -X PUT -p id=7 --data '{\"tea\": 2}'",
        "func invoke take_order --data @order.json",
        "func invoke nightly --json | jq .logs",
    ),
)
@click.argument("name", shell_complete=complete_function)
@click.option(
    "-d",
    "--data",
    "-c",
    "--content",
    "data",
    metavar="TEXT|@FILE|-",
    help="What it is called with: the body, the message, CONTAINER/BLOB.",
)
@click.option("-f", "--file", metavar="FILE", hidden=True)
@click.option("-X", "--method", metavar="METHOD", help="HTTP: the method.")
@click.option("-p", "--param", multiple=True, metavar="NAME=VALUE", help="HTTP: part of the route.")
@click.option("-q", "--query", multiple=True, metavar="NAME=VALUE", help="HTTP: in the query.")
@click.option("-H", "--header", multiple=True, metavar="'NAME: VALUE'", help="HTTP: a header.")
@click.option("-i", "--include", is_flag=True, help="HTTP: show the answer's headers too.")
@click.option("--url", help="A host that runs elsewhere. [default: this app's]")
@click.option("--key", envvar="FUNC_MASTER_KEY", help="The master key of that host.")
@click.option("--python", metavar="PATH", help="The app's interpreter, if it is to be started.")
@click.option("--json", "as_json", is_flag=True, help="All of it as one JSON object.")
def command(
    name: str,
    data: str | None,
    file: str | None,
    method: str | None,
    param: tuple[str, ...],
    query: tuple[str, ...],
    header: tuple[str, ...],
    include: bool,
    url: str | None,
    key: str | None,
    python: str | None,
    as_json: bool,
) -> int:
    """Call the function NAME: show what it answers, its logs and outputs (also: func run).

    The app's running host is used; where none runs, one is started for the call, with its triggers
    at rest. Exit code 1 when the function fails or answers with an HTTP status of 400 and above.
    """
    if data is not None and file is not None:
        raise UsageError("--data and --file are two contents: give one.")
    if file is not None:
        data = f"@{file}"
    request = Request(
        method=method,
        params=pairs("-p", param, "="),
        query=pairs("-q", query, "="),
        headers=pairs("-H", header, ":"),
        body=None if data is None else payload(data),
    )
    result = _call(name, request, url, key, python)
    if as_json:
        show_json(result)
    else:
        show(result, include)
    return 0 if result.succeeded else 1


def _call(
    name: str, request: Request, url: str | None, key: str | None, python: str | None
) -> Result:
    if url is not None:
        return call(AdminClient(url, key), name, request)
    from lazulite.cli.keys.store import own_key

    root = find_root()
    running = find_running(root)
    if running is not None:
        return call(AdminClient(running, key, own_key(root)), name, request)
    from lazulite.cli.invoke.temporary import temporary_host

    if sys.stderr.isatty():
        click.secho("Starting the app for this call...", dim=True, err=True)
    with temporary_host(root, python) as started:
        return call(AdminClient(started, key, own_key(root)), name, request)
