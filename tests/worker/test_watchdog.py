"""Naming what blocks."""

from __future__ import annotations

import sys
import threading
from types import FrameType

from lazulite.worker.watchdog import blocking


def outer(inside: threading.Event, leave: threading.Event) -> None:
    inner(inside, leave)


def inner(inside: threading.Event, leave: threading.Event) -> None:
    inside.set()
    leave.wait()


def test_the_outermost_function_of_the_app_is_named_with_the_stack_from_there() -> None:
    inside, leave = threading.Event(), threading.Event()
    thread = threading.Thread(target=outer, args=(inside, leave))
    thread.start()
    inside.wait()
    assert thread.ident is not None
    frame: FrameType | None = sys._current_frames()[thread.ident]
    name, stack = blocking(frame, {outer.__code__: "orders", inner.__code__: "helper"})
    nobody, whole = blocking(frame, {})
    leave.set()
    thread.join()
    assert name == "orders"
    assert "in outer" in stack.splitlines()[0]
    assert "inner(inside, leave)" in stack
    assert nobody == ""
    assert "in run" in whole


def test_a_thread_that_is_gone_has_no_stack() -> None:
    assert blocking(None, {}) == ("", "")
