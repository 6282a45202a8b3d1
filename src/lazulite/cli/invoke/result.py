"""What a call came to, for people and for scripts."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import click

from lazulite.cli.console import say, say_json
from lazulite.cli.web import Answer

_COLORS = {"Error": "red", "Critical": "red", "Warning": "yellow"}
_TEXT = ("text/", "application/json", "application/xml", "application/javascript")


@dataclass(frozen=True)
class Result:
    """response: of an HTTP function; outputs: of any other, by binding name; duration: seconds;
    note: what else there is to know."""

    function: str
    succeeded: bool
    invocation: str = ""
    duration: float | None = None
    error: str = ""
    stack: str = ""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    response: Answer | None = None
    logs: Sequence[Mapping[str, Any]] = ()
    note: str = ""


def show(result: Result, include: bool) -> None:
    """Logs and what happened on stderr, what the function answered on stdout."""
    for record in result.logs:
        _say_log(record)
    stack = result.stack.rstrip("\n")
    if result.error and not stack.endswith(result.error):
        _aside(result.error, "red")
    if stack:
        _aside(stack, "red")
    if result.note:
        _aside(result.note, "yellow")
    took = "" if result.duration is None else f" ({result.duration * 1000:.0f} ms)"
    answer = result.response
    color = "green" if result.succeeded else "red"
    if answer is None:
        _aside(f"{'Succeeded' if result.succeeded else 'Failed'}{took}", color)
        for name, value in result.outputs.items():
            say(f"{name} = {value if isinstance(value, str) else json.dumps(value)}")
        return
    _aside(f"HTTP {answer.status} {answer.reason}{took}", color)
    if include:
        for name, value in answer.headers:
            _aside(f"{name}: {value}")
    if answer.body:
        sys.stdout.flush()
        sys.stdout.buffer.write(answer.body)
        is_text = answer.header("content-type").startswith(_TEXT)
        if is_text and not answer.body.endswith(b"\n") and sys.stdout.isatty():
            sys.stdout.buffer.write(b"\n")
        sys.stdout.buffer.flush()


def show_json(result: Result) -> None:
    """The whole as one JSON object."""
    shown: dict[str, Any] = {
        "function": result.function,
        "succeeded": result.succeeded,
        "invocationId": result.invocation or None,
        "duration": result.duration,
        "error": result.error or None,
        "stack": result.stack or None,
        "logs": [_log_json(record) for record in result.logs],
    }
    if result.note:
        shown["note"] = result.note
    answer = result.response
    if answer is None:
        shown["outputs"] = dict(result.outputs)
    else:
        shown["response"] = {
            "status": answer.status,
            "headers": [[name, value] for name, value in answer.headers],
            **_body(answer.body),
        }
    say_json(shown)


def _body(content: bytes) -> dict[str, str]:
    try:
        return {"body": content.decode("utf-8")}
    except UnicodeDecodeError:
        return {"bodyBase64": base64.b64encode(content).decode()}


def _log_json(record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "time": _instant(record),
        "level": record["level"] or "Information",
        "message": record["message"],
        "printed": record["kind"] == "line",
    }


def _say_log(record: Mapping[str, Any]) -> None:
    time = _instant(record)
    start = f"[{time}] " if time else ""
    color = _COLORS.get(record["level"] or "")
    for line in str(record["message"]).split("\n"):
        _aside(start + line, color)


def _instant(record: Mapping[str, Any]) -> str | None:
    if record["time"] is None:
        return None
    instant = datetime.fromtimestamp(record["time"], timezone.utc)
    return instant.strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z"


def _aside(text: str, color: str | None = None) -> None:
    click.secho(text, fg=color, err=True)
