"""What the commands say: results on stdout, warnings on stderr, questions on a terminal only."""

from __future__ import annotations

import sys

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
