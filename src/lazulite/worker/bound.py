"""A loaded function, ready to be called: its parameters joined with its bindings."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable, Mapping
from types import CodeType
from typing import Any

from lazulite.model import NO_DATA, BindingSpec, Data, FunctionSpec, Invocation, Outcome
from lazulite.worker.call import Call, current
from lazulite.worker.context import Context, Out
from lazulite.worker.conversion import ConversionError, decode, encode, is_file
from lazulite.worker.hooks import Hooks
from lazulite.worker.loading import user_stack
from lazulite.worker.signature import Parameter, Signature


class Bound:
    """How one function is called, whatever triggers it."""

    def __init__(
        self,
        spec: FunctionSpec,
        call: Callable[..., Any],
        signature: Signature,
        hooks: Hooks | None,
        spool: str,
    ) -> None:
        self.spec = spec
        self.name = spec.name
        self.call = call
        self.signature = signature
        self.hooks = hooks
        self.is_async = signature.is_async
        self._spool = spool
        trigger = spec.trigger
        self.trigger = next(
            (p for p in signature.parameters if trigger and p.binding.name == trigger.name), None
        )
        self.inputs = tuple(
            p for p in signature.parameters if not p.is_out and p is not self.trigger
        )
        self.outs = tuple(p for p in signature.parameters if p.is_out)

    @property
    def code(self) -> CodeType | None:
        """The user's own code, below decorators; None for what has none."""
        return getattr(inspect.unwrap(self.call), "__code__", None)

    def context(self, call: Call) -> Context:
        """The `context` of one invocation."""
        return Context(call, self.name, self.spec.directory)

    def arguments(
        self, call: Call, trigger: Any, inputs: Mapping[str, Data]
    ) -> tuple[dict[str, Any], dict[str, Out]]:
        """Keyword arguments for the call, and its output parameters among them.

        Raises ConversionError or what azure.functions' converters raise.
        """
        arguments: dict[str, Any] = {}
        if self.trigger is not None:
            arguments[self.trigger.name] = trigger
        for parameter in self.inputs:
            data = inputs.get(parameter.binding.name, NO_DATA)
            arguments[parameter.name] = decode(parameter.binding, parameter.pytype, data, {})
        outs = {parameter.name: Out() for parameter in self.outs}
        arguments.update(outs)
        if self.signature.wants_context:
            arguments["context"] = self.context(call)
        return arguments, outs

    def decode_trigger(self, data: Data, metadata: Mapping[str, Any]) -> Any:
        """The trigger parameter's value."""
        if self.trigger is None:
            return None
        return decode(self.trigger.binding, self.trigger.pytype, data, metadata)

    def outputs(self, outs: Mapping[str, Out], returned: Any) -> dict[str, Data]:
        """What the function gave, by binding name, HTTP answers left out."""
        values: dict[str, Data] = {}
        for parameter in self.outs:
            out = outs[parameter.name]
            if out.unset or out.get() is None or parameter.binding.kind == "http":
                continue
            values[parameter.binding.name] = self._encode(parameter, out.get())
        returns = self.signature.returns
        if returns is not None:
            if returns.kind != "http":
                values["$return"] = encode(
                    returns, self.signature.return_type, returned, self._spool
                )
        elif returned is not None:
            values.update(self._implicit(returned))
        return {name: data for name, data in values.items() if data.type != "none"}

    async def outputs_async(self, outs: Mapping[str, Out], returned: Any) -> dict[str, Data]:
        """The same on the event loop, which is not held up while a stream is read to its end."""
        given = [returned, *(out.get() for out in outs.values() if not out.unset)]
        if any(map(is_file, given)):
            return await asyncio.to_thread(self.outputs, outs, returned)
        return self.outputs(outs, returned)

    def _encode(self, parameter: Parameter, value: Any) -> Data:
        return encode(parameter.binding, parameter.pytype, value, self._spool)

    def _implicit(self, returned: Any) -> dict[str, Data]:
        """A value returned without `$return`: an object's members fill outputs by name."""
        if not self.signature.implicit_return:
            raise RuntimeError(
                f"function '{self.name}' without a $return bindingreturned a non-None value"
            )
        if not isinstance(returned, dict):
            return {}
        by_name: dict[str, BindingSpec] = {
            b.name: b for b in self.spec.bindings if b.direction == "out"
        }
        return {
            name: encode(by_name[name], None, value, self._spool)
            for name, value in returned.items()
            if name in by_name and by_name[name].kind != "http"
        }

    # one invocation that the host sent

    def run_sync(self, invocation: Invocation, call: Call) -> Outcome:
        """Run a synchronous function on this thread."""
        token = current.set(call)
        started = time.perf_counter()
        try:
            arguments, outs = self._prepare(invocation, call)
            if self.hooks is None:
                returned = self.call(**arguments)
            else:
                returned = self.hooks.around(self.call, self.context(call), arguments)
            outputs = self.outputs(outs, returned)
        except BaseException as error:
            return failure(invocation.id, error, time.perf_counter() - started)
        finally:
            current.reset(token)
        return Outcome(invocation.id, outputs, duration=time.perf_counter() - started)

    async def run_async(self, invocation: Invocation, call: Call) -> Outcome:
        """Run a coroutine function on the loop."""
        token = current.set(call)
        started = time.perf_counter()
        try:
            arguments, outs = self._prepare(invocation, call)
            if self.hooks is None:
                returned = await self.call(**arguments)
            else:
                returned = await self.hooks.around_async(self.call, self.context(call), arguments)
            outputs = await self.outputs_async(outs, returned)
        except BaseException as error:
            return failure(invocation.id, error, time.perf_counter() - started)
        finally:
            current.reset(token)
        return Outcome(invocation.id, outputs, duration=time.perf_counter() - started)

    def _prepare(self, invocation: Invocation, call: Call) -> tuple[dict[str, Any], dict[str, Out]]:
        trigger = self.decode_trigger(invocation.trigger, invocation.metadata)
        return self.arguments(call, trigger, invocation.inputs)


def failure(id: str, error: BaseException, seconds: float) -> Outcome:
    """The outcome of an invocation that raised."""
    if isinstance(error, (ConversionError, SystemExit)) or not isinstance(error, Exception):
        message = f"{type(error).__name__}: {error}"
    else:
        message = f"{type(error).__name__}: {error}"
    return Outcome(id, error=message, stack=user_stack(error), duration=seconds)
