"""Functions with streaming requests and responses, as azurefunctions-extensions-http-fastapi has
them: they take a starlette Request and return a starlette Response, or a value for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import azure.functions as func

from lazulite.worker.answer import Answer, answer_of
from lazulite.worker.asgi import Exchange, http_scope
from lazulite.worker.call import Call
from lazulite.worker.context import Out
from lazulite.worker.full import NOTHING, FullCall
from lazulite.worker.runtime import Runtime
from lazulite.worker.targets import Target
from lazulite.worker.uplink import Uplink


class StreamingCall(FullCall):
    """One request to a function that streams."""

    def __init__(
        self,
        runtime: Runtime,
        uplink: Uplink,
        target: Target,
        scope: Any,
        params: Mapping[str, str],
        exchange: Exchange,
    ) -> None:
        super().__init__(runtime, uplink, target, scope, params, b"")
        self.exchange = exchange

    def request(self, call: Call) -> Any:
        """The starlette Request."""
        context = self._bound.context(call)
        self._asgi = http_scope(self._scope, context, None, self._params)
        return self._target.streams(self._asgi, self.exchange.receive)

    @property
    def begun(self) -> bool:
        return self.exchange.started

    def answer(self, outs: Mapping[str, Out], returned: Any) -> Answer | None:
        """Nothing yet: `respond` sends it."""
        self._returned = self._value(outs, returned)
        return None

    async def respond(self) -> None:
        """Send what the function returned."""
        exchange = self.exchange
        if self._returned is NOTHING:
            await exchange.send({"type": "http.response.start", "status": 204})
            await exchange.send({"type": "http.response.body"})
        elif isinstance(self._returned, func.HttpResponse):
            status, headers, body = answer_of(self._returned)
            raw = [(n.encode("latin-1"), v.encode("latin-1", "replace")) for n, v in headers]
            await exchange.send({"type": "http.response.start", "status": status, "headers": raw})
            await exchange.send({"type": "http.response.body", "body": body})
        else:
            # told of 2.3, starlette ends the answer when the client leaves, between pieces too
            scope = {**self._asgi, "asgi": {"version": "3.0", "spec_version": "2.3"}}
            response = _response(self._returned)
            try:
                await response(scope, exchange.left, exchange.send)
            except OSError:
                if not exchange.gone:
                    raise
            finally:
                await _close(getattr(response, "body_iterator", None))
        exchange.close()


def _response(value: Any) -> Any:
    """The starlette Response of a value: itself, or the value as JSON."""
    if isinstance(value, import_module("starlette.responses").Response):
        return value
    responses = import_module("fastapi.responses")
    encode = import_module("fastapi.encoders").jsonable_encoder
    return responses.JSONResponse(encode(value))


async def _close(pieces: Any) -> None:
    """Have the user's generator run its `finally` now, also when the client left in the middle."""
    if hasattr(pieces, "aclose"):
        await pieces.aclose()
