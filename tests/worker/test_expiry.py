"""functionTimeout, without a process around it."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from lazulite.worker.call import Call
from lazulite.worker.expiry import PATIENCE, Expiry
from lazulite.worker.runtime import Runtime


class Recorder:
    def __init__(self) -> None:
        self.said: list[str] = []
        self.failures: list[str] = []

    def started(self, call: Call, reason: str, details: Any) -> None: ...

    def succeeded(self, call: Call, seconds: float) -> None: ...

    def failed(self, call: Call, seconds: float, error: str, stack: str) -> None:
        self.failures.append(error)

    def host(self, level: str, category: str, text: str) -> None:
        self.said.append(text)


def runtime(loop: asyncio.AbstractEventLoop) -> Runtime:
    pool: Any = SimpleNamespace(replace_thread=lambda: None)
    recorder: Any = Recorder()
    return Runtime(loop, pool, recorder, None, "", True)  # type: ignore[arg-type]


def test_what_can_be_cancelled_is_and_what_cannot_is_given_up() -> None:
    async def main() -> None:
        stranded: list[Call] = []
        here = runtime(asyncio.get_running_loop())
        here.stranded = stranded.append
        expiry = Expiry(here, 10.0, "00:00:10")
        cancelled = asyncio.Event()
        abandoned: list[str] = []
        coroutine, thread, young = Call("waits"), Call("holds"), Call("young")
        coroutine.cancel = cancelled.set
        thread.abandon = abandoned.append
        for call in (coroutine, thread, young):
            here.began(call, "")
        here.open_calls[coroutine] -= 11
        here.open_calls[thread] -= 11
        expiry.check()
        await asyncio.wait_for(cancelled.wait(), 5)
        message = "Timeout value of 00:00:10 was exceeded by function: Functions.holds"
        assert abandoned == [message]
        assert stranded == [thread]
        assert list(here.open_calls) == [coroutine, young]
        assert here.ended(thread, 0.0) is False
        # the coroutine does not heed its cancellation
        here.open_calls[coroutine] -= PATIENCE
        expiry.check()
        assert stranded == [thread, coroutine]
        assert list(here.open_calls) == [young]
        recorder: Any = here.recorder
        assert len(recorder.said) == 2
        assert recorder.failures[0] == message

    asyncio.run(main())


def test_an_ended_call_keeps_nothing_alive() -> None:
    async def main() -> None:
        here = runtime(asyncio.get_running_loop())
        call = Call("f")
        call.cancel = lambda: None
        call.abandon = lambda error: None
        started = here.began(call, "")
        assert here.ended(call, started) is True
        assert call.cancel is None
        assert call.abandon is None

    asyncio.run(main())
