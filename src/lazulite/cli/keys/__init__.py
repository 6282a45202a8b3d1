"""`func keys`: the keys that callers of the app need."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from lazulite.cli.console import examples, say, say_json, warn
from lazulite.cli.keys.store import HostKeys, KeyStore, Place, StoredKeys, own_key
from lazulite.cli.project import complete_function, declared_functions, find_root
from lazulite.cli.running import AdminClient, find_running
from lazulite.errors import UsageError
from lazulite.host.keys import MASTER

_MASK = "*****"


@click.group(
    epilog=examples(
        "func keys list",
        "func keys show default --function hello",
        "func keys set partner --function hello",
        "func keys delete partner --function hello",
    ),
)
def command() -> None:
    """List and change the keys of the app.

    Those of the host open every function, those of a function (--function) that one, those of the
    system (--system) a webhook; the master key, `_master`, opens everything. Keys are checked in
    Azure and by `func start --enableAuth`.
    """


def _scoped(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--key", envvar="FUNC_MASTER_KEY", help="The master key, for --url."),
        click.option("--url", help="A host that runs elsewhere. [default: this app's]"),
        click.option("--system", is_flag=True, help="The keys of the system, for webhooks."),
        click.option(
            "--function",
            metavar="NAME",
            shell_complete=complete_function,
            help="The keys of this function.",
        ),
    ):
        function = option(function)
    return function


@command.command(
    "list",
    epilog=examples("func keys list --show-value", "func keys list --function hello --json"),
)
@_scoped
@click.option("-a", "--showValue", "--show-value", "show", is_flag=True, help="Show the values.")
@click.option("--json", "as_json", is_flag=True, help="The keys as JSON, with their values.")
def list_(
    function: str | None,
    system: bool,
    url: str | None,
    key: str | None,
    show: bool,
    as_json: bool,
) -> None:
    """List the keys, their values masked: of host and system, or of one function."""
    places = [_place(function, system)]
    if function is None and not system:
        places.append(Place("system"))
    store = _store(url, key, function)
    found = [(place, store.all(place)) for place in places]
    if as_json:
        say_json(
            [
                {"scope": place.kind, "function": place.function or None, "name": n, "value": v}
                for place, keys in found
                for n, v in keys.items()
            ]
        )
        return
    for place, keys in found:
        say(f"Keys of {place}:")
        for name, value in keys.items():
            say(f"  {name} = {value if show else _MASK}")
        if not keys:
            say("  (none)")


@command.command(
    epilog=examples(
        "func keys show default --function hello",
        'curl -H "x-functions-key: $(func keys show default)" http://localhost:7071/api/hello',
        "func keys show _master",
    ),
)
@click.argument("name")
@_scoped
def show(name: str, function: str | None, system: bool, url: str | None, key: str | None) -> None:
    """Print the value of the key NAME, and nothing else."""
    place = _place(function, system)
    store = _store(url, key, function)
    value = store.master() if _is_master(name, place) else store.all(place).get(name)
    if value is None:
        raise _missing(name, place)
    say(value)


@command.command(
    "set",
    epilog=examples(
        "func keys set partner --function hello",
        "func keys set default 'a key of mine'",
        "func keys set _master",
    ),
)
@click.argument("name")
@click.argument("value", required=False)
@_scoped
def set_(
    name: str,
    value: str | None,
    function: str | None,
    system: bool,
    url: str | None,
    key: str | None,
) -> None:
    """Set the key NAME to VALUE (`-`: read from standard input), or to a new value that is made
    and printed."""
    place = _place(function, system)
    if not name.strip() or "/" in name:
        raise UsageError(f"'{name}' cannot be the name of a key.")
    made = value is None
    if value == "-":
        value = sys.stdin.read().strip()
    if value == "":
        raise UsageError("A key needs a value.", hint="Leave it out to have one made.")
    change = _store(url, key, function).put(place, name, value)
    say(f"{'Added' if change.created else 'Changed'} the key '{name}' of {place}.")
    if made:
        say(change.value)


@command.command(epilog=examples("func keys delete partner --function hello"))
@click.argument("name")
@_scoped
def delete(name: str, function: str | None, system: bool, url: str | None, key: str | None) -> None:
    """Delete the key NAME (also: func keys remove)."""
    place = _place(function, system)
    if _is_master(name, place):
        raise UsageError(
            "The master key cannot be deleted.", hint="`func keys set _master` makes another one."
        )
    if not _store(url, key, function).delete(place, name):
        raise _missing(name, place)
    say(f"Deleted the key '{name}' of {place}.")


command.add_command(delete, "remove")


def _place(function: str | None, system: bool) -> Place:
    if function is not None and system:
        raise UsageError("--function and --system are different places: name one.")
    if function is not None:
        return Place("function", function)
    return Place("system" if system else "host")


def _is_master(name: str, place: Place) -> bool:
    return name == MASTER and place.kind != "function"


def _missing(name: str, place: Place) -> UsageError:
    return UsageError(f"There is no key '{name}' of {place}.", hint="See `func keys list`.")


def _store(url: str | None, key: str | None, function: str | None) -> KeyStore:
    """The keys of the host at `url`, of this app's running one, or in this app's store."""
    if url is not None:
        return HostKeys(AdminClient(url, key))
    root = find_root()
    running = find_running(root)
    if running is not None:
        return HostKeys(AdminClient(running, key, own_key(root)))
    names = [] if function is None else declared_functions(root)
    if function is not None and function.lower() not in (name.lower() for name in names):
        warn(f"No function '{function}' was found in the app's files.")
    return StoredKeys(root)
