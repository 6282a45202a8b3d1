"""The host that a command talks to: this app's, where it runs, or the one of a URL."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lazulite.cli.web import Answer, send
from lazulite.errors import UsageError
from lazulite.host import runtime_file


def find_running(root: str) -> str | None:
    """The URL of the host that runs the app in `root`, None where none does."""
    found = runtime_file.read(runtime_file.place(root))
    if found is None:
        return None
    try:
        answer = send("GET", f"{found.url}/admin/host/ping", timeout=5.0)
    except UsageError:
        return None
    return found.url if answer.status == 200 else None


@dataclass
class AdminClient:
    """The admin API of a host.

    key: the master key, None where none was given; own_key: reads it, for a host whose store is at
    hand, called when the host asks for one.
    """

    url: str
    key: str | None = None
    own_key: Callable[[], str] | None = None

    def call(self, method: str, path: str, content: Any = None) -> Answer:
        """The answer to a request. Raises UsageError when the host cannot be reached or refuses
        the key."""
        answer = self._send(method, path, content)
        if answer.status in (401, 403) and self.key is None and self.own_key is not None:
            self.key = self.own_key()
            answer = self._send(method, path, content)
        if answer.status in (401, 403):
            wrong = "wants its master key" if self.key is None else "refuses the key"
            raise UsageError(
                f"The host at {self.url} {wrong}.",
                hint="Give the master key with --key: `func keys show _master` prints it.",
            )
        return answer

    def get(self, path: str) -> Any:
        """The JSON of a GET. Raises UsageError for anything but a 200."""
        answer = self.call("GET", path)
        if answer.status != 200:
            raise unexpected(answer, path)
        return json_of(answer, path)

    def _send(self, method: str, path: str, content: Any) -> Answer:
        headers = [("x-functions-key", self.key)] if self.key else []
        body = None
        if content is not None:
            body = json.dumps(content).encode()
            headers.append(("Content-Type", "application/json"))
        elif method in ("POST", "PUT"):
            body = b""
        return send(method, f"{self.url.rstrip('/')}/{path.lstrip('/')}", headers, body)


def json_of(answer: Answer, path: str) -> Any:
    """The answer's JSON. Raises UsageError where it is none."""
    try:
        return json.loads(answer.body)
    except ValueError:
        raise UsageError(
            f"What answers at {path} is no host of functions.", hint="Check the --url."
        ) from None


def unexpected(answer: Answer, path: str) -> UsageError:
    """An answer that the command can do nothing with."""
    text = answer.body.decode("utf-8", "replace").strip()[:300]
    return UsageError(
        f"The host answered {answer.status} {answer.reason} to {path}. {text}".strip()
    )
