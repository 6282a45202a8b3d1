"""Watches the worker from a thread of its own: is the event loop alive, does an invocation run too
long? It keeps working while user code blocks the loop, and can then say where."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from types import CodeType, FrameType

INTERVAL = 0.25
TELL_AFTER = 1.0  # seconds of a blocked loop until it is told


class Watchdog:
    """`start` it on the loop's thread.

    functions: the app's functions by their code, to name the one that blocks; tell(seconds, name,
    stack): called once per blockage; hang: seconds of a blockage after which `give_up` is called,
    and `resumed` when it is over after all; check: called at each round.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        functions: Mapping[CodeType, str],
        tell: Callable[[float, str, str], None],
        hang: float,
        give_up: Callable[[], None],
        resumed: Callable[[], None],
        check: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._functions = functions
        self._tell = tell
        self._hang = hang
        self._give_up = give_up
        self._resumed = resumed
        self._check = check
        self._thread = threading.get_ident()
        self._beaten = threading.Event()
        self.lag = 0.0

    def start(self) -> None:
        """Watch from now on, for the life of the process."""
        thread = threading.Thread(target=self._watch, name="lazulite-watchdog", daemon=True)
        thread.pydev_do_not_trace = True  # type: ignore[attr-defined]  # no debugger suspends it
        thread.start()

    def _watch(self) -> None:
        while True:
            self._beaten.clear()
            sent = time.monotonic()
            try:
                self._loop.call_soon_threadsafe(self._beaten.set)
            except RuntimeError:  # the loop is closed
                return
            self._follow(sent)
            time.sleep(INTERVAL)

    def _follow(self, sent: float) -> None:
        """Wait for one beat, whatever time it takes."""
        told = given_up = False
        while not self._beaten.wait(INTERVAL):
            self.lag = time.monotonic() - sent
            self._check()
            if self.lag > TELL_AFTER and not told:
                told = True
                self._tell(self.lag, *self._blocking())
            if self.lag > self._hang and not given_up:
                given_up = True
                self._give_up()
        self.lag = time.monotonic() - sent
        if given_up:
            self._resumed()
        self._check()

    def _blocking(self) -> tuple[str, str]:
        """The function that the loop's thread is in, and its stack from there."""
        frame = sys._current_frames().get(self._thread)
        return blocking(frame, self._functions)


def blocking(frame: FrameType | None, functions: Mapping[CodeType, str]) -> tuple[str, str]:
    """The outermost known function on the stack that ends in `frame`, or '', and the stack from it
    (or else the whole) as text."""
    stack: list[FrameType] = []
    while frame is not None:
        stack.append(frame)
        frame = frame.f_back
    stack.reverse()
    for position, each in enumerate(stack):
        name = functions.get(each.f_code)
        if name is not None:
            return name, _text(stack[position:])
    return "", _text(stack)


def _text(stack: list[FrameType]) -> str:
    summary = traceback.StackSummary.extract((frame, frame.f_lineno) for frame in stack)
    return "".join(summary.format())


def blocked_text(pid: int, seconds: float, name: str, stack: str) -> str:
    """What the log says of a blocked event loop."""
    who = f"Function '{name}'" if name else "Something"
    return (
        f"{who} has been blocking the event loop of worker process {pid} for {seconds:.1f} s: "
        "no other request on it is answered meanwhile. Await what takes time, or make the "
        f"function a plain `def`, which runs on a thread.\n{stack.rstrip()}"
    )
