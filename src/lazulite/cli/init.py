"""`func init`: the files of a new app."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import click

from lazulite.cli import templates
from lazulite.cli.console import examples, say
from lazulite.cli.files import write_text
from lazulite.cli.refusals import LANGUAGES, only_python
from lazulite.errors import UsageError


@click.command(
    epilog=examples(
        "func init shop                     # a new folder, v2 model",
        "func init --model v1               # this folder, one folder a function",
        "func init shop --docker --source-control --vscode",
    ),
)
@click.argument("folder", required=False, metavar="[DIR]")
@click.option(
    "-m",
    "--model",
    type=click.Choice(["v1", "v2"], case_sensitive=False),
    default="v2",
    show_default=True,
    help="Decorators in function_app.py (v2), or a folder a function (v1).",
)
@click.option("--worker-runtime", metavar="NAME", help="python, the one there is.")
@click.option("-l", "--language", hidden=True)
@click.option("--python", "_python", is_flag=True, hidden=True)
@click.option("--docker", is_flag=True, help="Write a Dockerfile and .dockerignore too.")
@click.option("--docker-only", is_flag=True, help="Write nothing else.")
@click.option("--source-control/--no-source-control", default=False, help="Run git init.")
@click.option("--force", is_flag=True, help="Replace files that are there.")
@click.option("--no-docs", is_flag=True, help="Leave getting_started.md out.")
@click.option("--no-bundle", is_flag=True, help="Leave extensionBundle out of host.json.")
@click.option(
    "-c",
    "--bundles-channel",
    type=click.Choice(["GA", "Preview", "Experimental"], case_sensitive=False),
    default="GA",
    help="The extension bundle that Azure is to use.",
)
@click.option("--vscode", is_flag=True, help="Write tasks, debugger and settings for VS Code.")
def command(
    folder: str | None,
    model: str,
    worker_runtime: str | None,
    language: str | None,
    _python: bool,
    docker: bool,
    docker_only: bool,
    source_control: bool,
    force: bool,
    no_docs: bool,
    no_bundle: bool,
    bundles_channel: str,
    vscode: bool,
    **others: bool,
) -> None:
    """Create a function app in DIR, or in this folder."""
    only_python(worker_runtime)
    only_python(language)
    only_python(next((name for name in others if others[name]), None))
    git = shutil.which("git")
    if source_control and git is None:
        raise UsageError("--source-control needs git, which is not installed.")
    root = os.path.abspath(folder or ".")
    if os.path.exists(root) and not os.path.isdir(root):
        raise UsageError(f"{root} is a file.")
    wanted: list[tuple[str, str]] = []
    if not docker_only:
        wanted += app_files(model.lower(), "" if no_bundle else bundles_channel, not no_docs)
        wanted += [(".funcignore", funcignore(root))]
    if docker or docker_only:
        wanted += docker_files()
    if vscode:
        wanted += vscode_files()
    write_files(root, wanted, force)
    if source_control and git is not None:
        _git_init(git, root)
    if not docker_only:
        _next_steps(folder)


for _name in LANGUAGES:
    command.params.append(click.Option([f"--{_name}"], is_flag=True, hidden=True))


def app_files(model: str, bundle: str, docs: bool) -> Iterator[tuple[str, str]]:
    """(path, content) of the files of an app; `bundle`: the channel, '' = none."""
    if model == "v2":
        yield "function_app.py", _text("function_app.v2")
    yield "requirements.txt", _text("requirements")
    yield "host.json", _host_json(bundle)
    yield "local.settings.json", _text("local.settings.json")
    yield ".gitignore", _text("gitignore")
    yield ".vscode/extensions.json", _text("extensions.json")
    if docs:
        yield "getting_started.md", _text(f"getting_started.{model}")


def docker_files() -> Iterator[tuple[str, str]]:
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    yield "Dockerfile", templates.fill(_text("Dockerfile"), {"python": python})
    yield ".dockerignore", _text("dockerignore")


def vscode_files() -> Iterator[tuple[str, str]]:
    for name in ("settings", "launch", "tasks"):
        yield f".vscode/{name}.json", _text(f"{name}.json")


def funcignore(root: str) -> str:
    """.funcignore, with the active virtual environment when it is inside the app."""
    text = _text("funcignore")
    active = os.environ.get("VIRTUAL_ENV")
    if active:
        inside = os.path.relpath(os.path.realpath(active), os.path.realpath(root))
        line = inside.replace(os.sep, "/") + "/"
        if not inside.startswith("..") and line not in text.splitlines():
            text += line + "\n"
    return text


def write_files(root: str, files: list[tuple[str, str]], force: bool) -> None:
    """Write what is not there, saying so line by line."""
    for name, content in files:
        path = os.path.join(root, *name.split("/"))
        if os.path.lexists(path) and not force:
            say(f"{name} already exists. Skipped!")
            continue
        say(f"Writing {path}")
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
        except OSError as error:
            raise UsageError(
                f"{os.path.dirname(path)} cannot be created: {error.strerror}."
            ) from None
        write_text(path, content)


def _text(name: str) -> str:
    return templates.read(os.path.join("app", f"{name}.txt"))


def _host_json(bundle: str) -> str:
    import json

    host = json.loads(_text("host.json"))
    if not bundle:
        del host["extensionBundle"]
    elif bundle.lower() != "ga":
        host["extensionBundle"]["id"] += f".{bundle.capitalize()}"
    return json.dumps(host, indent=2) + "\n"


def _git_init(git: str, root: str) -> None:
    if os.path.isdir(os.path.join(root, ".git")):
        say("The folder is a git repository already. Skipped!")
        return
    done = subprocess.run([git, "init", "--quiet", root], capture_output=True, text=True)
    if done.returncode:
        raise UsageError(f"git init failed: {done.stderr.strip()}")
    say(f"Initialized a git repository in {root}")


def _next_steps(folder: str | None) -> None:
    say()
    say("Next:")
    if folder and os.path.abspath(folder) != os.getcwd():
        say(f"  cd {folder}")
    say('  func new --template "HTTP trigger" --name hello')
    say("  func start")
