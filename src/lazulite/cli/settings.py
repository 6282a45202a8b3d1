"""`func settings`: the app settings of this machine, in local.settings.json."""

from __future__ import annotations

import sys

import click

from lazulite.cli.console import examples, interactive, say
from lazulite.cli.local_settings import LocalSettings
from lazulite.cli.project import find_root
from lazulite.errors import UsageError

_MASK = "*****"
SECTIONS = ("Values", "ConnectionStrings")


@click.group(
    epilog=examples(
        "func settings add GREETING hello",
        "func settings list --show-value",
        "func settings delete GREETING",
    ),
)
def command() -> None:
    """Show and change local.settings.json, the app settings of this machine."""


@command.command("list", epilog=examples("func settings list -a"))
@click.option("-a", "--showValue", "--show-value", "show", is_flag=True, help="Show the values.")
def list_(show: bool) -> None:
    """List the settings, their values masked."""
    settings = LocalSettings.open(find_root())
    for section, title in zip(SECTIONS, ("App Settings:", "Connection Strings:"), strict=True):
        say(title)
        for name, value in settings.section(section).items():
            say(f"  {name} = {_plain(settings, name, value) if show else _MASK}")
        say()


@command.command(
    epilog=examples(
        "func settings add GREETING hello",
        "func settings add SqlServer 'Server=db;...' --connection-string",
        "pass show storage | func settings add AzureWebJobsStorage -",
    ),
)
@click.argument("name")
@click.argument("value", required=False)
@click.option(
    "--connectionString",
    "--connection-string",
    "connection",
    is_flag=True,
    help="Put it into ConnectionStrings, not Values.",
)
def add(name: str, value: str | None, connection: bool) -> None:
    """Set NAME to VALUE; VALUE `-` is read from standard input, one left out is asked for."""
    settings = LocalSettings.open(find_root())
    if not name.strip():
        raise UsageError("A setting needs a name.")
    if value == "-":
        value = sys.stdin.read().rstrip("\r\n")
    elif value is None:
        if not interactive():
            raise UsageError(
                f"The value of {name} is missing.",
                hint=f"func settings add {name} VALUE, or `-` to read it from standard input.",
            )
        value = str(click.prompt("Value", hide_input=True))
    if settings.encrypted:
        from lazulite.config.encryption import encrypt

        value = encrypt(value)
    section = SECTIONS[connection]
    changed = settings.put(section, name, value)
    settings.save()
    say(f"{'Changed' if changed else 'Added'} {section}:{name} in {settings.path}")


@command.command(epilog=examples("func settings delete GREETING"))
@click.argument("name")
@click.option(
    "--connectionString", "--connection-string", "connection", is_flag=True, help="Of those."
)
def delete(name: str, connection: bool) -> None:
    """Delete the setting NAME (also: func settings remove)."""
    settings = LocalSettings.open(find_root())
    section = SECTIONS[connection]
    if not settings.drop(section, name):
        raise UsageError(f"There is no setting '{name}' in {section} of {settings.path}.")
    settings.save()
    say(f"Deleted {section}:{name} from {settings.path}")


command.add_command(delete, "remove")


@command.command(epilog=examples("func settings encrypt"))
def encrypt() -> None:
    """Encrypt the values with this user's key (needs lazulite[crypto])."""
    from lazulite.config.encryption import encrypt as cipher
    from lazulite.config.encryption import key_path

    settings = LocalSettings.open(find_root())
    if settings.encrypted:
        say(f"{settings.path} is encrypted already.")
        return
    for section in SECTIONS:
        for name, value in settings.section(section).items():
            settings.put(section, name, cipher(value))
    settings.mark(True)
    settings.save()
    say(f"Encrypted {settings.path} with the key {key_path()}")


@command.command(epilog=examples("func settings decrypt"))
def decrypt() -> None:
    """Write the values in plain text again."""
    settings = LocalSettings.open(find_root())
    if not settings.encrypted:
        say(f"{settings.path} is not encrypted.")
        return
    for section in SECTIONS:
        for name, value in settings.section(section).items():
            settings.put(section, name, _plain(settings, name, value))
    settings.mark(False)
    settings.save()
    say(f"Decrypted {settings.path}")


def _plain(settings: LocalSettings, name: str, value: str) -> str:
    if not settings.encrypted:
        return value
    from lazulite.config.encryption import decrypt

    return decrypt(value, name, settings.path)
