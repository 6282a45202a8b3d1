"""The running invocation: what logs and contexts need to know of it. Standard library only."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from lazulite.wire.ids import new_id

# of invocations by request, as the original has it
REASON = "This function was programmatically called via the host APIs."


class Call:
    """One running invocation. Made for every request, so what few ever set is a class's default.

    cancel, abandon: how it can be ended from outside: `cancel()` on the loop's thread, where its
    code can be interrupted; `abandon(error)` answers in its place. expired: what ended it.
    """

    retry_count = 0
    max_retries = 0
    shown = False
    cancel: Callable[[], Any] | None = None
    abandon: Callable[[str], None] | None = None
    expired = ""
    metadata_headers: tuple[str, str] = ("", "")

    def __init__(self, function: str, id: str | None = None) -> None:
        self.function = function
        self._id = id

    @property
    def id(self) -> str:
        """The invocation id, made when first asked for: most HTTP calls never are."""
        if self._id is None:
            self._id = new_id()
        return self._id

    def trace(self, headers: Any) -> None:
        """Be part of the trace that a request's headers name, if they do."""
        get = headers.get
        self.metadata_headers = get("traceparent") or "", get("tracestate") or ""


current: ContextVar[Call | None] = ContextVar("lazulite_invocation", default=None)
thread_locals = threading.local()


def running_call() -> Call | None:
    """The invocation that the running code belongs to, also in threads that it started."""
    call = current.get()
    if call is None:
        call = getattr(threading.current_thread(), "_lazulite_call", None)
    return call


def running_invocation() -> tuple[str, str]:
    """(function, invocation id) of the running code; empty where there is none.

    `context.thread_local_storage.invocation_id`, which users of the original set in their own
    threads, is honoured.
    """
    call = running_call()
    if call is not None:
        return call.function, call.id
    return "", getattr(thread_locals, "invocation_id", "") or ""
