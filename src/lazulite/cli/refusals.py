"""Other languages: said in one sentence."""

from __future__ import annotations

from lazulite.errors import UsageError

LANGUAGES = (
    "dotnet",
    "dotnet-isolated",
    "node",
    "java",
    "powershell",
    "custom",
    "go",
    "csharp",
    "javascript",
    "typescript",
)


def only_python(language: str | None) -> None:
    """Raises UsageError when `language` (None: not given) is another one than Python."""
    if language is not None and language.lower() not in ("python", "py"):
        raise UsageError(
            f"Lazulite runs Python apps only: for '{language}' use Azure Functions Core Tools."
        )
