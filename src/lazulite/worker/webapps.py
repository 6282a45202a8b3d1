"""Requests and WebSockets to the ASGI and WSGI apps behind functions."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from lazulite.worker.answer import Answer, described
from lazulite.worker.apps import AsgiApp, WsgiApp
from lazulite.worker.asgi import Exchange
from lazulite.worker.body import BodyTooLarge, ClientGone
from lazulite.worker.call import REASON, Call, current
from lazulite.worker.context import Context
from lazulite.worker.failures import failed
from lazulite.worker.gate import Gate
from lazulite.worker.runtime import Runtime
from lazulite.worker.targets import Target
from lazulite.worker.turns import Turns
from lazulite.worker.websocket import WebSocket


class WebApps:
    """gate: who may pass, and what answers carry; body_limit: bytes of a request's body."""

    def __init__(self, runtime: Runtime, gate: Gate, turns: Turns, body_limit: int) -> None:
        self._runtime = runtime
        self._gate = gate
        self._turns = turns
        self._body_limit = body_limit

    async def http(
        self,
        target: Target,
        app: AsgiApp | WsgiApp,
        scope: Any,
        proto: Any,
        params: Mapping[str, str],
    ) -> Answer | None:
        """A request; the answer where the app has not given it itself. Raises BodyTooLarge and
        ClientGone."""
        call, context, started = self._begin(target, scope)
        exchange = Exchange(scope, proto, self._body_limit, self._gate.policy.decorate)
        try:
            if isinstance(app, AsgiApp):
                await app.http(scope, exchange, context, params)
            else:
                await app.http(self._runtime, call, scope, exchange, context)
        except (BodyTooLarge, ClientGone) as error:
            self._runtime.ended(call, started, str(error) or "the body is too large")
            if exchange.started:
                return None
            raise
        except BaseException as error:
            if exchange.gone:  # an app may be ended by its client's leaving
                self._runtime.ended(call, started)
                return None
            answer = failed(self._runtime, call, started, error)
            if not exchange.started:
                return answer
            exchange.close()
        else:
            self._runtime.ended(call, started)
        return None

    async def websocket(
        self, target: Target, scope: Any, proto: Any, params: Mapping[str, str]
    ) -> None:
        """A WebSocket: for ASGI apps only."""
        if not isinstance(target.app, AsgiApp):
            proto.close(404)
            return
        refusal = await self._gate.refusal(target, scope)
        if refusal:
            proto.close(refusal)
        elif target.spec.concurrency is None:
            await self._converse(target, target.app, scope, proto, params)
        else:
            async with self._turns.turn(target):
                await self._converse(target, target.app, scope, proto, params)

    async def _converse(
        self, target: Target, app: AsgiApp, scope: Any, proto: Any, params: Mapping[str, str]
    ) -> None:
        call, context, started = self._begin(target, scope)
        socket = WebSocket(proto)
        try:
            await app.websocket(scope, socket, context, params)
        except BaseException as error:
            self._runtime.ended(call, started, *described(error))
            socket.close(500)
        else:
            self._runtime.ended(call, started)

    def _begin(self, target: Target, scope: Any) -> tuple[Call, Context, float]:
        call = Call(target.name)
        call.cancel = asyncio.current_task().cancel  # type: ignore[union-attr]
        context = target.context(call, scope)
        current.set(call)
        return call, context, self._runtime.began(call, REASON)
