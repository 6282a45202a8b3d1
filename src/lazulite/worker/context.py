"""The `context` that functions receive, and the record of the invocation it belongs to."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import azure.functions as func
from azure.functions import _abc as declared


def new_id() -> str:
    """A random invocation id (a version 4 UUID, without the cost of the uuid module)."""
    raw = bytearray(os.urandom(16))
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


class Call:
    """One running invocation: what logs and contexts need to know of it."""

    __slots__ = (
        "_id",
        "abandon",
        "cancel",
        "expired",
        "function",
        "max_retries",
        "metadata_headers",
        "retry_count",
        "shown",
    )

    def __init__(self, function: str, id: str | None = None) -> None:
        self._id = id
        self.function = function
        self.retry_count = 0
        self.max_retries = 0
        self.shown = False
        # how the invocation can be ended from outside: `cancel()` on the loop's thread, where its
        # code can be interrupted; `abandon(error)` answers in its place. expired: the error
        self.cancel: Callable[[], Any] | None = None
        self.abandon: Callable[[str], None] | None = None
        self.expired = ""
        self.metadata_headers: tuple[str, str] = ("", "")

    @property
    def id(self) -> str:
        """The invocation id, made when first asked for: most HTTP calls never are."""
        if self._id is None:
            self._id = new_id()
        return self._id


current: ContextVar[Call | None] = ContextVar("lazulite_invocation", default=None)
thread_locals = threading.local()


class TraceContext(declared.TraceContext):
    """W3C trace context of the invocation; the names with capitals are the deprecated ones."""

    def __init__(self, trace_parent: str, trace_state: str, attributes: dict[str, str]) -> None:
        self._trace_parent = trace_parent
        self._trace_state = trace_state
        self._attributes = attributes

    @property
    def trace_parent(self) -> str:
        return self._trace_parent

    @property
    def trace_state(self) -> str:
        return self._trace_state

    @property
    def attributes(self) -> dict[str, str]:
        return self._attributes

    Traceparent = trace_parent
    Tracestate = trace_state
    Attributes = attributes


class RetryContext(declared.RetryContext):
    """Which attempt this is. The concrete object of the original has `rpc_exception`, its
    declared interface `exception`: both are here."""

    def __init__(self, retry_count: int, max_retry_count: int, exception: Any) -> None:
        self._retry_count = retry_count
        self._max_retry_count = max_retry_count
        self._exception = exception

    @property
    def retry_count(self) -> int:
        return self._retry_count

    @property
    def max_retry_count(self) -> int:
        return self._max_retry_count

    @property
    def exception(self) -> Any:
        return self._exception

    @property
    def rpc_exception(self) -> Any:
        return self._exception


class Context(func.Context):
    """`azure.functions.Context` over a Call."""

    def __init__(self, call: Call, name: str, directory: str) -> None:
        self._call = call
        self._name = name
        self._directory = directory

    @property
    def invocation_id(self) -> str:
        return self._call.id

    @property
    def function_name(self) -> str:
        return self._name

    @property
    def function_directory(self) -> str:
        return self._directory

    @property
    def thread_local_storage(self) -> Any:
        return thread_locals

    @property
    def trace_context(self) -> TraceContext:
        parent, state = self._call.metadata_headers
        return TraceContext(parent, state, {})

    @property
    def retry_context(self) -> RetryContext:
        return RetryContext(self._call.retry_count, self._call.max_retries, None)


class Out(func.Out[Any]):
    """An output parameter; `unset` tells it apart from None."""

    __slots__ = ("_value", "unset")

    def __init__(self) -> None:
        self._value: Any = None
        self.unset = True

    def set(self, val: Any) -> None:
        self._value = val
        self.unset = False

    def get(self) -> Any:
        return self._value
