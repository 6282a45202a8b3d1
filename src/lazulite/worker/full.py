"""An HTTP invocation with everything: inputs and outputs of the host, context, hooks, retries."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from typing import Any

from lazulite.model import Data
from lazulite.worker.answer import Answer, answer_of, described
from lazulite.worker.bound import Bound
from lazulite.worker.call import Call, current
from lazulite.worker.context import Out
from lazulite.worker.request import HttpRequest, headers_of
from lazulite.worker.runtime import Runtime
from lazulite.worker.targets import Target
from lazulite.worker.uplink import Uplink

NOTHING = object()


class FullCall:
    """One request to one function."""

    def __init__(
        self,
        runtime: Runtime,
        uplink: Uplink,
        target: Target,
        scope: Any,
        params: Mapping[str, str],
        body: bytes,
    ) -> None:
        assert target.bound is not None
        self._runtime = runtime
        self._uplink = uplink
        self._target = target
        self._bound: Bound = target.bound
        self._scope = scope
        self._params = params
        self._body = body

    async def run(self, reason: str) -> Answer | None:
        """The function's answer, after its retries; None where `respond` has sent it. Raises what
        its last attempt raised."""
        retry = self._target.spec.retry
        attempt = 0
        while True:
            call = Call(self._target.name)
            call.retry_count = attempt
            call.max_retries = retry.max_retries if retry else 0
            call.trace(self._scope.headers)
            call.cancel = asyncio.current_task().cancel  # type: ignore[union-attr]
            started = self._runtime.began(call, reason)
            try:
                answer = await self._attempt(call)
            except BaseException as error:
                self._runtime.ended(call, started, *described(error))
                if retry is None or 0 <= retry.max_retries <= attempt:
                    raise
                if not isinstance(error, Exception) or self.begun:
                    raise
                attempt += 1
                await self._runtime.sleep(retry.wait(attempt, random.random))
            else:
                self._runtime.ended(call, started)
                return answer

    # what streaming functions do otherwise

    @property
    def begun(self) -> bool:
        """Whether an answer has begun, so that there can be no other attempt."""
        return False

    def request(self, call: Call) -> Any:
        """The trigger parameter's value."""
        return HttpRequest(self._scope, self._params, self._body)

    def answer(self, outs: Mapping[str, Out], returned: Any) -> Answer | None:
        """The answer, from what the function returned or set."""
        value = self._value(outs, returned)
        return (204, [], b"") if value is NOTHING else answer_of(value)

    async def respond(self) -> None:
        """Called when the outputs are written."""

    # one attempt

    async def _attempt(self, call: Call) -> Answer | None:
        target = self._target
        names: Mapping[str, Any] = {}
        inputs: Mapping[str, Data] = {}
        if target.host_inputs or target.host_outputs:
            names = self._names()
        if target.host_inputs:
            inputs = await self._uplink.inputs(target.name, call.id, names, self._body)
        arguments, outs = self._bound.arguments(call, self.request(call), inputs)
        if self._bound.is_async:
            returned = await self._on_the_loop(call, arguments)
        else:
            returned = await self._in_the_pool(call, arguments)
        values = await self._bound.outputs_async(outs, returned)
        answer = self.answer(outs, returned)
        if values:
            await self._uplink.outputs(target.name, call.id, names, self._body, values)
        await self.respond()
        return answer

    def _names(self) -> dict[str, Any]:
        """What binding expressions may name, as far as the worker knows it."""
        request = HttpRequest(self._scope, self._params, b"")
        return {
            "route": dict(self._params),
            "query": dict(request.params),
            "headers": headers_of(self._scope),
            "method": request.method,
            "url": request.url,
        }

    async def _on_the_loop(self, call: Call, arguments: dict[str, Any]) -> Any:
        bound = self._bound
        token = current.set(call)
        try:
            if bound.hooks is None:
                return await bound.call(**arguments)
            return await bound.hooks.around_async(bound.call, bound.context(call), arguments)
        finally:
            current.reset(token)

    async def _in_the_pool(self, call: Call, arguments: dict[str, Any]) -> Any:
        loop = self._runtime.loop
        done: asyncio.Future[Any] = loop.create_future()
        self._runtime.pool.submit(self._run_sync, call, arguments, done)
        try:
            return await done
        except asyncio.CancelledError:
            if call.expired:
                self._runtime.strand(call)
            raise

    def _run_sync(self, call: Call, arguments: dict[str, Any], done: asyncio.Future[Any]) -> None:
        bound = self._bound
        loop = self._runtime.loop
        current.set(call)
        try:
            if bound.hooks is None:
                returned = bound.call(**arguments)
            else:
                returned = bound.hooks.around(bound.call, bound.context(call), arguments)
        except BaseException as error:
            if isinstance(error, StopIteration):  # a future cannot carry one
                error = RuntimeError(f"the function raised StopIteration: {error}")
            loop.call_soon_threadsafe(_fail, done, error)
        else:
            loop.call_soon_threadsafe(_finish, done, returned)
        finally:
            current.set(None)

    def _value(self, outs: Mapping[str, Out], returned: Any) -> Any:
        """What the function gave its `http` output; NOTHING when it has none or set none."""
        returns = self._bound.signature.returns
        if returns is not None and returns.kind == "http":
            return returned
        for parameter in self._bound.outs:
            if parameter.binding.kind == "http":
                out = outs[parameter.name]
                if not out.unset and out.get() is not None:
                    return out.get()
        return NOTHING


def _finish(done: asyncio.Future[Any], value: Any) -> None:
    if not done.done():
        done.set_result(value)


def _fail(done: asyncio.Future[Any], error: BaseException) -> None:
    if not done.done():
        done.set_exception(error)
