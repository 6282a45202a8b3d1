"""`/admin/host`: status, ping, restart."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lazulite import __version__
from lazulite.abc import WebRequest, WebResponse
from lazulite.host.admin.router import Router, as_json


@dataclass(frozen=True)
class HostFacts:
    """What the host tells of itself."""

    host_id: str
    instance_id: str
    root: str
    state: Callable[[], str]
    errors: Callable[[], Sequence[str]]
    restart: Callable[[], None]
    healthy: Callable[[], bool]
    bundle: tuple[str, str] | None = None


class HostApi:
    """The host's own endpoints."""

    def __init__(self, facts: HostFacts) -> None:
        self._facts = facts
        self._started = time.monotonic()

    def mount(self, router: Router) -> None:
        """Add the routes."""
        router.add("GET", "admin/host/status", self._status)
        router.add("GET POST HEAD", "admin/host/ping", self._ping, open=True)
        router.add("POST", "admin/host/restart", self._restart)
        router.add("GET POST", "admin/warmup", self._warmup, open=True)
        router.add("POST", "admin/host/synctriggers", self._sync_triggers)

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
        if facts.bundle is not None:
            status["extensionBundle"] = {"id": facts.bundle[0], "version": facts.bundle[1]}
        return as_json(status)

    async def _ping(self, request: WebRequest, params: Mapping[str, str]) -> WebResponse:
        if request.query.get("checkHealth") == "1" and not self._facts.healthy():
            return WebResponse(429)
        return WebResponse(200)

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
        return WebResponse(200)

    async def _sync_triggers(self, request: WebRequest, params: Mapping[str, str]) -> WebResponse:
        message = "Invalid environment for SyncTriggers operation."
        return as_json({"status": message}, 500)
