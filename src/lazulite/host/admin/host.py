"""`/admin/host`: status, ping, restart, drain, configuration, processes."""

from __future__ import annotations

import socket
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from lazulite import __version__
from lazulite.abc import WebRequest, WebResponse
from lazulite.host.admin.router import Router, as_json

DrainState = Literal["Disabled", "InProgress", "Completed"]


async def _nothing() -> None: ...


@dataclass(frozen=True)
class HostFacts:
    """What the host tells of itself, and lets be done to it.

    drain stops the listeners, resume starts them again; outstanding: invocations that the host
    has sent and that have not ended; processes: (id, name) of the host's own; warm: runs the
    app's warm-up function, if it has one.
    """

    host_id: str
    instance_id: str
    root: str
    state: Callable[[], str] = lambda: "Running"
    errors: Callable[[], Sequence[str]] = tuple
    restart: Callable[[], None] = lambda: None
    healthy: Callable[[], bool] = lambda: True
    config: Callable[[], Mapping[str, Any]] = dict
    processes: Callable[[], Sequence[tuple[int, str]]] = tuple
    drain: Callable[[], Awaitable[None]] = _nothing
    resume: Callable[[], Awaitable[None]] = _nothing
    drain_state: Callable[[], DrainState] = lambda: "Disabled"
    outstanding: Callable[[], int] = int
    warm: Callable[[], Awaitable[None]] | None = None
    ready: Callable[[], bool] = lambda: True
    health: Callable[[], Mapping[str, Any]] = dict
    set_offline: Callable[[bool], bool] = lambda wanted: False


class HostApi:
    """The host's own endpoints."""

    def __init__(self, facts: HostFacts) -> None:
        self._facts = facts
        self._started = time.monotonic()

    def mount(self, router: Router) -> None:
        """Add the routes."""
        router.add("GET", "admin/host/status", self._status, always=True)
        router.add("GET POST HEAD", "admin/host/ping", self._ping, open=True, always=True)
        router.add("GET HEAD", "admin/host/ready", self._ready, open=True, always=True)
        router.add("POST", "admin/host/restart", self._restart, always=True)
        router.add("GET POST", "admin/warmup", self._warmup, open=True)
        router.add("POST", "admin/host/synctriggers", self._sync_triggers)
        router.add("POST", "admin/host/drain", self._drain)
        router.add("GET", "admin/host/drain/status", self._drain_status)
        router.add("POST", "admin/host/resume", self._resume)
        router.add("GET", "admin/host/state", self._state, always=True)
        router.add("PUT", "admin/host/state", self._set_state, always=True)
        router.add("GET", "admin/host/config", self._config, always=True)
        router.add("GET", "admin/host/processes", self._processes, always=True)

    async def _status(self, request: WebRequest, params: Mapping[str, str]) -> WebResponse:
        facts = self._facts
        status: dict[str, Any] = {
            "id": facts.host_id,
            "state": facts.state(),
            "version": __version__,
            "versionDetails": f"lazulite {__version__}",
            "instanceId": facts.instance_id,
            "computerName": socket.gethostname(),
            "processUptime": round((time.monotonic() - self._started) * 1000),
            "functionAppContentEditingState": "NotAllowed",
        }
        errors = list(facts.errors())
        if errors:
            status["errors"] = errors
        health = facts.health()
        if health:
            status["health"] = health
        return as_json(status)

    async def _ping(self, request: WebRequest, params: Mapping[str, str]) -> WebResponse:
        if request.query.get("checkHealth") == "1" and not self._facts.healthy():
            return WebResponse(429)
        return WebResponse(200)

    async def _ready(self, request: WebRequest, params: Mapping[str, str]) -> WebResponse:
        """200 while new work is welcome, 503 while it is not (ours: the original has no such)."""
        return WebResponse(200 if self._facts.ready() else 503)

    async def _restart(self, request: WebRequest, params: Mapping[str, str]) -> WebResponse:
        self._facts.restart()
        return as_json(
            {
                "isSelfHost": True,
                "secretsPath": None,
                "scriptPath": self._facts.root,
                "logPath": None,
                "testDataPath": None,
                "hasParentScope": False,
            }
        )

    async def _warmup(self, request: WebRequest, params: Mapping[str, str]) -> WebResponse:
        if self._facts.warm is not None:
            await self._facts.warm()
        return WebResponse(200)

    async def _sync_triggers(self, request: WebRequest, params: Mapping[str, str]) -> WebResponse:
        message = "Invalid environment for SyncTriggers operation."
        return as_json({"status": message}, 500)

    async def _drain(self, request: WebRequest, params: Mapping[str, str]) -> WebResponse:
        await self._facts.drain()
        return WebResponse(202)

    async def _drain_status(self, request: WebRequest, params: Mapping[str, str]) -> WebResponse:
        return as_json(
            {
                "state": self._facts.drain_state(),
                "outstandingInvocations": self._facts.outstanding(),
                "outstandingRetries": 0,
            }
        )

    async def _resume(self, request: WebRequest, params: Mapping[str, str]) -> WebResponse:
        """409 while it still drains, as in the original."""
        if self._facts.drain_state() == "InProgress":
            return WebResponse(409)
        await self._facts.resume()
        return as_json({"state": self._facts.state()})

    async def _state(self, request: WebRequest, params: Mapping[str, str]) -> WebResponse:
        return as_json({"state": self._facts.state()})

    async def _set_state(self, request: WebRequest, params: Mapping[str, str]) -> WebResponse:
        """`"offline"` or `"running"`: 202, 200 where it is so already."""
        wanted = request.body.decode("utf-8", "replace").strip().strip('"').lower()
        if wanted not in ("offline", "running"):
            return WebResponse(400)
        return WebResponse(202 if self._facts.set_offline(wanted == "offline") else 200)

    async def _config(self, request: WebRequest, params: Mapping[str, str]) -> WebResponse:
        return as_json(self._facts.config())

    async def _processes(self, request: WebRequest, params: Mapping[str, str]) -> WebResponse:
        return as_json(
            [{"processId": pid, "processName": name} for pid, name in self._facts.processes()]
        )
