"""`/admin/functions`: what functions there are, their errors, running one by hand."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from lazulite.abc import WebRequest, WebResponse
from lazulite.host.admin.router import Router, as_json, json_body
from lazulite.host.index import Index
from lazulite.model import FunctionSpec, Outcome

Run = Callable[[FunctionSpec, str], Awaitable[Outcome]]


class FunctionApi:
    """index, prefix: the functions and the prefix of routes, as they are now; run: a function by
    hand, with an input text."""

    def __init__(self, index: Callable[[], Index], run: Run, prefix: Callable[[], str]) -> None:
        self._index = index
        self._run = run
        self._prefix = prefix
        self._running: set[asyncio.Task[Any]] = set()

    def mount(self, router: Router) -> None:
        """Add the routes."""
        router.add("GET", "admin/functions", self._all)
        router.add("GET", "admin/functions/{name}", self._one)
        router.add("GET", "admin/functions/{name}/status", self._status)
        router.add("POST", "admin/functions/{name}", self._invoke)

    def find(self, name: str) -> FunctionSpec | None:
        """A function whatever the case of its name."""
        lower = name.lower()
        return next((s for s in self._index().functions.values() if s.name.lower() == lower), None)

    async def _all(self, request: WebRequest, params: Mapping[str, str]) -> WebResponse:
        return as_json([self._shown(s, request) for s in self._index().functions.values()])

    async def _one(self, request: WebRequest, params: Mapping[str, str]) -> WebResponse:
        spec = self.find(params["name"])
        return WebResponse(404) if spec is None else as_json(self._shown(spec, request))

    async def _status(self, request: WebRequest, params: Mapping[str, str]) -> WebResponse:
        spec = self.find(params["name"])
        if spec is None:
            return WebResponse(404)
        return as_json({"errors": spec.error.split("\n")} if spec.error else {})

    async def _invoke(self, request: WebRequest, params: Mapping[str, str]) -> WebResponse:
        """202 at once, as in the original; with `?wait=1` the outcome (ours)."""
        spec = self.find(params["name"])
        if spec is None:
            return WebResponse(404)
        body = json_body(request)
        if not isinstance(body, dict):
            return WebResponse(400)
        value = body.get("input")
        text = value if isinstance(value, str) else ("" if value is None else _text(value))
        if request.query.get("wait"):
            return as_json(outcome_json(await self._run(spec, text)))
        task = asyncio.ensure_future(self._run(spec, text))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return WebResponse(202)

    def _shown(self, spec: FunctionSpec, request: WebRequest) -> dict[str, Any]:
        base = f"{request.scheme}://{request.headers.get('host', 'localhost')}"
        trigger = spec.trigger
        template = None
        if spec.is_http and trigger is not None:
            route = str(trigger.get("route") or spec.name).strip("/")
            prefix = self._prefix().strip("/")
            template = f"{base}/{prefix + '/' if prefix else ''}{route}".lower()
        folder = os.path.relpath(spec.directory, os.path.dirname(spec.directory))
        return {
            "name": spec.name,
            "script_root_path_href": f"{base}/admin/vfs/{folder}/",
            "script_href": f"{base}/admin/vfs/{folder}/{os.path.basename(spec.script_file)}",
            "config_href": f"{base}/admin/vfs/{folder}/function.json",
            "test_data_href": None,
            "href": f"{base}/admin/functions/{spec.name}",
            "invoke_url_template": template,
            "language": "python",
            "config": dict(spec.config),
            "files": None,
            "test_data": None,
            "isDisabled": spec.disabled,
            "isDirect": False,
            "isProxy": False,
        }


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """An outcome for people and tools: bytes as text where they are. `types` says of what kind each
    output is: string, json, bytes, collection_bytes ..."""
    return {
        "id": outcome.id,
        "succeeded": outcome.ok,
        "error": outcome.error,
        "stack": outcome.stack,
        "outputs": {name: _shown(data.value) for name, data in outcome.outputs.items()},
        "types": {name: data.type for name, data in outcome.outputs.items()},
        "duration": outcome.duration,
    }


def _shown(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return [_shown(item) for item in value] if isinstance(value, list) else value


def _text(value: Any) -> str:
    import json

    return json.dumps(value)
