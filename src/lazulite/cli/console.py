"""What the commands say: results on stdout, warnings on stderr, questions on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click


def say(text: str = "") -> None:
    click.echo(text)


def warn(text: str) -> None:
    click.secho(text, fg="yellow", err=True)


def interactive() -> bool:
    """Whether somebody is there to answer a question."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def choose(question: str, answers: list[str]) -> str:
    """Let the user pick one of `answers`, by its number or its text."""
    say(question)
    for number, answer in enumerate(answers, 1):
        say(f"  {number:>2}. {answer}")
    by_text = {answer.lower(): answer for answer in answers}
    while True:
        picked = str(click.prompt("Choose", default="1")).strip()
        if picked.isdigit() and 1 <= int(picked) <= len(answers):
            return answers[int(picked) - 1]
        if picked.lower() in by_text:
            return by_text[picked.lower()]
        say(f"Type a number from 1 to {len(answers)}, or the name.")


def examples(*lines: str) -> str:
    """The epilog of a command: its examples, not re-wrapped."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def say_json(value: Any) -> None:
    """`value` for scripts."""
    import json

    say(json.dumps(value, indent=2, ensure_ascii=False))


def say_table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Rows for people, under their headers; numbers to the right."""
    cells = [["" if value is None else str(value) for value in row] for row in rows]
    widths = [
        max([len(header), *(len(row[i]) for row in cells)]) for i, header in enumerate(headers)
    ]
    right = [bool(rows) and all(type(row[i]) is int for row in rows) for i in range(len(headers))]
    for line in [list(headers), *cells]:
        placed = (
            text.rjust(width) if to_right else text.ljust(width)
            for text, width, to_right in zip(line, widths, right, strict=True)
        )
        say("  ".join(placed).rstrip())
