"""Runs the invocations that the host sends, and tells how each ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lazulite.model import Data, Invocation, Outcome
from lazulite.wire.values import pack, unpack
from lazulite.worker.bound import Bound
from lazulite.worker.call import Call
from lazulite.worker.runtime import Runtime


class Invoker:
    """Invocations in, outcomes out. Outcomes of one moment leave together."""

    def __init__(self, runtime: Runtime, functions: Mapping[str, Bound]) -> None:
        self._runtime = runtime
        self._functions = functions
        self._finished: list[Outcome] = []
        self._armed = False
        self._tasks: set[Any] = set()

    def accept(self, body: Any, parts: list[bytes]) -> None:
        """The `invoke` notice: a list of invocations."""
        for raw in body:
            self._start(invocation_from_wire(raw, parts))

    def _start(self, invocation: Invocation) -> None:
        bound = self._functions.get(invocation.function)
        if bound is None:
            outcome = Outcome(invocation.id, error=f"no function '{invocation.function}' here")
            self._finish(outcome)
            return
        call = Call(invocation.function, invocation.id)
        call.retry_count = invocation.retry_count
        call.max_retries = invocation.max_retries
        call.metadata_headers = (invocation.trace_parent, invocation.trace_state)
        started = self._runtime.began(call, invocation.reason, dict(invocation.details))
        call.abandon = lambda error: self._finish(Outcome(invocation.id, error=error))
        if bound.is_async:
            task = self._runtime.loop.create_task(self._run_async(bound, invocation, call, started))
            call.cancel = task.cancel
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            self._runtime.pool.submit(self._run_sync, bound, invocation, call, started)

    async def _run_async(
        self, bound: Bound, invocation: Invocation, call: Call, started: float
    ) -> None:
        self._end(await bound.run_async(invocation, call), call, started)

    def _run_sync(self, bound: Bound, invocation: Invocation, call: Call, started: float) -> None:
        self._end(bound.run_sync(invocation, call), call, started)

    def _end(self, outcome: Outcome, call: Call, started: float) -> None:
        if not self._runtime.ended(call, started, outcome.error, outcome.stack):
            return
        if call.expired and not outcome.ok:
            outcome = replace(outcome, error=call.expired, stack="")
        self._finish(outcome)

    def _finish(self, outcome: Outcome) -> None:
        # called on any thread: appending is atomic, and one wake-up serves all that are waiting
        self._finished.append(outcome)
        if not self._armed:
            self._armed = True
            self._runtime.loop.call_soon_threadsafe(self._flush)

    def _flush(self) -> None:
        self._armed = False
        finished, self._finished = self._finished, []
        if not finished:
            return
        parts: list[bytes] = []
        body = [outcome_to_wire(outcome, parts) for outcome in finished]
        self._runtime.peer.notify("outcomes", body, parts)


def invocation_from_wire(raw: Mapping[str, Any], parts: list[bytes]) -> Invocation:
    """The invocation that the host packed."""
    trigger = unpack({"": raw["trigger"]}, parts)[""]
    inputs = {name: Data(*pair) for name, pair in unpack(raw["inputs"], parts).items()}  # type: ignore[arg-type]
    return Invocation(
        id=raw["id"],
        function=raw["function"],
        trigger=Data(*trigger),  # type: ignore[arg-type]
        metadata=raw["metadata"],
        inputs=inputs,
        reason=raw["reason"],
        details=raw["details"],
        trace_parent=raw["trace_parent"],
        retry_count=raw["retry_count"],
        max_retries=raw["max_retries"],
    )


def outcome_to_wire(outcome: Outcome, parts: list[bytes]) -> dict[str, Any]:
    """A JSON-able outcome; bytes go to `parts`."""
    outputs = pack({name: (data.type, data.value) for name, data in outcome.outputs.items()}, parts)
    return {
        "id": outcome.id,
        "outputs": outputs,
        "error": outcome.error,
        "stack": outcome.stack,
        "duration": outcome.duration,
    }
