"""What a command is given to send: a text, `@FILE`, or `-` for standard input."""

from __future__ import annotations

import sys

from lazulite.errors import UsageError


def payload(text: str) -> bytes:
    """The bytes that `text` stands for; `@@x` is the text `@x`. Raises UsageError."""
    if text == "-":
        return sys.stdin.buffer.read()
    if text.startswith("@@"):
        return text[1:].encode("utf-8", "surrogateescape")
    if text.startswith("@"):
        try:
            with open(text[1:], "rb") as file:
                return file.read()
        except OSError as error:
            raise UsageError(
                f"{text[1:]} cannot be read: {error.strerror}.",
                hint=f"To send the text itself write '@{text}'.",
            ) from None
    return text.encode("utf-8", "surrogateescape")


def pairs(option: str, given: tuple[str, ...], separator: str) -> list[tuple[str, str]]:
    """The `name=value` (or `Name: value`) pairs of an option. Raises UsageError."""
    found = []
    for text in given:
        name, mark, value = text.partition(separator)
        if not mark or not name.strip():
            raise UsageError(f"{option}: '{text}' is not of the form name{separator}value.")
        found.append((name.strip(), value.strip() if separator == ":" else value))
    return found


def shown(content: bytes, limit: int | None = None) -> str:
    """Content for a line of a terminal: text with its control characters escaped, or its size."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return f"<{len(content)} bytes>"
    text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    return text if limit is None or len(text) <= limit else f"{text[: limit - 1]}…"
