"""`/admin/host/logs`: the last log records of functions (ours)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lazulite.abc import WebRequest, WebResponse
from lazulite.host.admin.router import Router, as_json
from lazulite.host.recent import Recent

_PATIENCE = 2.0


class LogApi:
    """catch_up: takes what workers have told by now."""

    def __init__(self, recent: Recent, catch_up: Callable[[], None]) -> None:
        self._recent = recent
        self._catch_up = catch_up

    def mount(self, router: Router) -> None:
        """Add the route."""
        router.add("GET", "admin/host/logs", self._logs)

    async def _logs(self, request: WebRequest, params: Mapping[str, str]) -> WebResponse:
        """Records after position `after`; those of one `function`, with what was printed.

        Waits a moment for the end of the function's invocations that began since. `invocation`
        picks one. Without `after`: just the position.
        """
        after = request.query.get("after", "")
        function = request.query.get("function", "")
        if not after.isdigit():
            self._catch_up()
            return as_json({"position": self._recent.position, "records": []})
        invocation = request.query.get("invocation", "")
        self._catch_up()
        await self._recent.settled(int(after), function, _PATIENCE)
        self._catch_up()
        records = [
            _record(message)
            for message in self._recent.after(int(after))
            if _wanted(message, function, invocation)
        ]
        return as_json({"position": self._recent.position, "records": records})


def _wanted(message: Mapping[str, Any], function: str, invocation: str) -> bool:
    if message["k"] not in ("start", "log", "line", "end"):
        return False
    if message["k"] == "line":  # nobody knows which invocation printed it
        return True
    of_function = not function or message["f"] == function
    return of_function and (not invocation or message["i"] == invocation)


def _record(message: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "kind": message["k"],
        "time": message.get("t"),
        "level": message.get("l"),
        "invocationId": message.get("i"),
        "message": message.get("m"),
        "stream": message.get("stream"),
        "succeeded": message.get("ok"),
        "duration": message.get("s"),
        "error": message.get("e"),
        "stack": message.get("x"),
    }
