"""Who may pass to a function, and what every answer carries."""

from __future__ import annotations

import time
from typing import Any

from lazulite.web.keys import AuthLevel
from lazulite.worker.answer import Answer
from lazulite.worker.policy import Policy
from lazulite.worker.runtime import Runtime
from lazulite.worker.targets import Target
from lazulite.worker.uplink import Uplink

_KEYS_PATIENCE = 60.0  # seconds between questions for keys that others have made


class Gate:
    """The policy at work; `policy` is replaced when keys change."""

    def __init__(self, runtime: Runtime, uplink: Uplink, policy: Policy) -> None:
        self._runtime = runtime
        self._uplink = uplink
        self._asked_for_keys = float("-inf")
        self.policy = policy

    async def turned_away(self, target: Target, scope: Any) -> Answer | None:
        """The answer to a request that does not get to its function: a CORS preflight, one too
        many, one without the right key. None for one that does."""
        policy = self.policy
        if policy.cors.enabled:
            preflight = policy.preflight(scope)
            if preflight is not None:
                return 204, preflight, b""
        if policy.limited and self._too_many(policy):
            return 429, [("x-function-scaleout", "1"), ("retry-after", "1")], b""
        refusal = await self.refusal(target, scope)
        return (refusal, self.policy.decorate(scope, []), b"") if refusal else None

    def _too_many(self, policy: Policy) -> bool:
        runtime = self._runtime
        if 0 <= policy.max_outstanding <= len(runtime.open_calls) + runtime.queued:
            return True
        return policy.dynamic and runtime.overloaded()

    async def refusal(self, target: Target, scope: Any) -> int:
        """The status for a caller who may not call, 0 for one who may."""
        if not self.policy.admits(scope, target.level, target.name):
            if not self.policy.key_of(scope):
                return 401
            await self._learn_keys()
            if not self.policy.admits(scope, target.level, target.name):
                return 401
        if not target.spec.disabled:
            return 0
        return 0 if self.policy.caller(scope, target.name) is AuthLevel.ADMIN else 404

    def dress(self, scope: Any, answer: Answer) -> Answer:
        """The answer with the headers that the policy adds."""
        status, headers, body = answer
        return status, self.policy.decorate(scope, headers), body

    async def _learn_keys(self) -> None:
        """Another host may have made the key: have ours look, at most once a minute."""
        now = time.monotonic()
        if now - self._asked_for_keys >= _KEYS_PATIENCE:
            self._asked_for_keys = now
            await self._uplink.unknown_key()
