"""Little apps that tests write."""

from __future__ import annotations

from pathlib import Path

V2 = """
import azure.functions as func
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
"""


def make(folder: Path, files: dict[str, str]) -> Path:
    """An app of these files, with a host.json if none is given."""
    for name, text in {"host.json": '{"version": "2.0"}', **files}.items():
        path = folder / "app" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "app"
