"""From what happened to a finished invocation: inputs, the worker, outputs, retries.

The same for every kind of binding.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from lazulite.abc import Clock, Executor, Names
from lazulite.bindings import Bindings
from lazulite.errors import LazuliteError, Where
from lazulite.host.journal import Journal
from lazulite.host.permits import Permits
from lazulite.model import (
    NO_DATA,
    BindingSpec,
    Data,
    FunctionSpec,
    Invocation,
    Outcome,
    TriggerEvent,
)
from lazulite.wire.ids import new_id
from lazulite.wire.peer import Answer
from lazulite.wire.values import pack, unpack


class Workers(Protocol):
    """Where invocations run."""

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Run one invocation on some worker, waiting while none is ready."""
        ...


class Dispatcher:
    """Runs functions. `functions` is replaced whole when the app is loaded anew.

    discard: deletes the spooled files of values that nobody reads any more.
    """

    def __init__(
        self,
        workers: Workers,
        bindings: Bindings,
        journal: Journal,
        clock: Clock,
        permits: Permits,
        discard: Callable[[Iterable[Data]], None] = lambda values: None,
    ) -> None:
        self.functions: Mapping[str, FunctionSpec] = {}
        self._permits = permits
        self._workers = workers
        self._bindings = bindings
        self._journal = journal
        self._clock = clock
        self._discard = discard
        self.running = 0

    def adopt(self, functions: Mapping[str, FunctionSpec], bindings: Bindings) -> None:
        """Run these functions from now on, with these bindings."""
        self.functions = functions
        self._bindings = bindings
        self._permits.adopt(functions)

    def executor(self, name: str) -> Executor:
        """The executor of one function, for its listener."""
        return _FunctionExecutor(self, name)

    async def execute(self, name: str, event: TriggerEvent) -> Outcome:
        """Run a function for an event, with its retries; the last attempt's outcome."""
        spec = self.functions.get(name)
        if spec is None:
            return Outcome("", error=f"There is no function '{name}' any more.", unstarted=True)
        self.running += 1
        try:
            return await self._with_retries(spec, event)
        except Exception as error:  # whatever a binding does, its listener gets an outcome
            text = f"{type(error).__name__}: {error}"
            return self._failed(spec, new_id(), text)
        finally:
            self.running -= 1
            self._discard((event.value,))

    async def _with_retries(self, spec: FunctionSpec, event: TriggerEvent) -> Outcome:
        id = new_id()
        retry = spec.retry
        attempt = 0
        while True:
            if spec.concurrency is None:
                outcome = await self._attempt(spec, event, id, attempt)
            else:
                async with self._permits.hold(spec.name):
                    outcome = await self._attempt(spec, event, id, attempt)
            if outcome.ok or outcome.unstarted or retry is None:
                return outcome
            if 0 <= retry.max_retries <= attempt:
                self._log("Error", spec, f"Function execution failed after '{attempt}' retries.")
                return outcome
            attempt += 1
            seconds = retry.wait(attempt, random.random)
            self._log(
                "Debug",
                spec,
                f"Waiting for `{seconds:g} s` before retrying function execution. "
                f"Next attempt: '{attempt}'. Max retry count: '{retry.max_retries}'.",
            )
            try:
                await self._clock.sleep(seconds)
            except asyncio.CancelledError:
                self._log("Warning", spec, "Invocation cancelled - exiting retry loop.")
                raise

    async def _attempt(
        self, spec: FunctionSpec, event: TriggerEvent, id: str, attempt: int
    ) -> Outcome:
        names = self._names(spec, event)
        try:
            inputs = await self._read(spec, names)
        except LazuliteError as error:
            return self._failed(spec, id, str(error))
        retry = spec.retry
        try:
            outcome = await self._workers.invoke(
                Invocation(
                    id=id,
                    function=spec.name,
                    trigger=event.value,
                    metadata=event.metadata,
                    inputs=inputs,
                    reason=event.reason,
                    details=event.details,
                    trace_parent=event.trace_parent,
                    retry_count=attempt,
                    max_retries=retry.max_retries if retry else 0,
                )
            )
        finally:
            self._discard(inputs.values())
        if outcome.lost:
            self._log("Error", spec, f"'Functions.{spec.name}' (Id={id}) was lost: {outcome.error}")
        if not outcome.ok or not outcome.outputs:
            return outcome
        try:
            await self._write(spec, names, outcome.outputs, id)
        except LazuliteError as error:
            return self._failed(spec, id, str(error))
        finally:
            self._discard(outcome.outputs.values())
        return outcome

    def _names(self, spec: FunctionSpec, event: TriggerEvent) -> Names:
        # bytes name nothing: the members of a JSON blob would hide the names in its path
        from lazulite.expr.names import Builtins, binding_names
        from lazulite.expr.template import BoundNames

        text = event.value.value if event.value.type in ("string", "json") else None
        return BoundNames(
            binding_names(event.metadata, text) if spec.host_bindings else {},
            Builtins(function=spec.name, now=self._clock.now),
        )

    async def _read(self, spec: FunctionSpec, names: Names) -> dict[str, Data]:
        wanted = [b for b in spec.host_bindings if b.direction == "in"]
        if not wanted:
            return {}
        results = await asyncio.gather(
            *(self._read_one(spec, b, names) for b in wanted), return_exceptions=True
        )
        errors = [result for result in results if isinstance(result, BaseException)]
        values = [result for result in results if isinstance(result, Data)]
        if errors:
            self._discard(values)
            raise errors[0]
        return {b.name: data for b, data in zip(wanted, values, strict=True)}

    async def _read_one(self, spec: FunctionSpec, binding: BindingSpec, names: Names) -> Data:
        try:
            return await self._bindings.io(binding.kind).read(spec, binding, names)
        except LazuliteError as error:
            raise _about(error, spec, binding) from error

    async def _write(
        self, spec: FunctionSpec, names: Names, outputs: Mapping[str, Data], id: str
    ) -> None:
        by_name = {b.name: b for b in spec.bindings}
        for name, data in outputs.items():
            binding = by_name[name]
            if data == NO_DATA or binding.kind == "http":
                continue
            try:
                io = self._bindings.io(binding.kind)
                await io.write(spec, binding, names, data, id)
            except LazuliteError as error:
                raise _about(error, spec, binding) from error

    def _failed(self, spec: FunctionSpec, id: str, error: str) -> Outcome:
        self._log(
            "Error",
            spec,
            f"Executed 'Functions.{spec.name}' (Failed, Id={id}, Duration=0ms)\n"
            f"Exception while executing function: Functions.{spec.name}. {error}",
        )
        return Outcome(id, error=error)

    def _log(self, level: str, spec: FunctionSpec, text: str) -> None:
        self._journal.host(level, f"Function.{spec.name}", text)

    # what workers ask for their HTTP functions

    async def http_inputs(self, body: Any, parts: list[bytes]) -> Answer:
        """The `inputs` call."""
        spec = self.functions[body["function"]]
        names = self._http_names(spec, body["names"], parts[0])
        try:
            inputs = await self._read(spec, names)
        except LazuliteError as error:
            return {"error": str(error)}, []
        out: list[bytes] = []
        values = pack({name: (data.type, data.value) for name, data in inputs.items()}, out)
        return {"values": values}, out

    async def http_outputs(self, body: Any, parts: list[bytes]) -> Answer:
        """The `outputs` call."""
        spec = self.functions[body["function"]]
        names = self._http_names(spec, body["names"], parts[0])
        values = {n: Data(*pair) for n, pair in unpack(body["values"], parts).items()}  # type: ignore[arg-type]
        try:
            await self._write(spec, names, values, body["id"])
        except LazuliteError as error:
            return {"error": str(error)}, []
        finally:
            self._discard(values.values())
        return {}, []

    def _http_names(self, spec: FunctionSpec, raw: Mapping[str, Any], body: bytes) -> Names:
        # at first use: a start does without, and so do apps with HTTP alone
        from lazulite.expr.names import Builtins, HttpNames, binding_names
        from lazulite.expr.template import BoundNames

        http = HttpNames(
            query=list(raw["query"].items()),
            headers=raw["headers"],
            route=raw["route"],
            body=body,
        )
        return BoundNames(
            binding_names({}, None, http), Builtins(function=spec.name, now=self._clock.now)
        )


class _FunctionExecutor:
    def __init__(self, dispatcher: Dispatcher, name: str) -> None:
        self._dispatcher = dispatcher
        self._name = name

    async def execute(self, event: TriggerEvent) -> Outcome:
        return await self._dispatcher.execute(self._name, event)


def _about(error: LazuliteError, spec: FunctionSpec, binding: BindingSpec) -> LazuliteError:
    """The error with its function and binding named."""
    if error.where is not None and error.where.binding:
        return error
    where = Where(function=spec.name, binding=binding.name)
    return type(error)(error.message, where=where, hint=error.hint)
