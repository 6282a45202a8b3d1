"""A new function of the v1 model: a folder with function.json and __init__.py."""

from __future__ import annotations

import os
import re

from lazulite.cli.files import write_text
from lazulite.cli.templates import Template
from lazulite.errors import UsageError

_NAME = re.compile(r"^[a-z][a-z0-9_\-]{0,127}$", re.I)


def check_name(name: str) -> None:
    """The host's rule for names. Raises UsageError."""
    if not _NAME.match(name) or name.lower() == "host":
        raise UsageError(
            f"'{name}' is not a valid function name.",
            hint="A letter, then up to 127 letters, digits, hyphens or underscores; not 'host'.",
        )


def add(root: str, template: Template, name: str, values: dict[str, str]) -> list[str]:
    """Create the folder and its files; returns their paths. Raises UsageError."""
    if any(entry.lower() == name.lower() for entry in os.listdir(root)):
        raise UsageError(
            f"'{name}' exists already in {root}.", hint="Choose another name with --name."
        )
    folder = os.path.join(root, name)
    os.mkdir(folder)
    texts = {"function.json": "function.json", "__init__.py": "v1"}
    for file, text in texts.items():
        write_text(os.path.join(folder, file), template.text(text, values))
    return [os.path.join(folder, file) for file in texts]
