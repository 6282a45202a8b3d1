"""The `context` that functions receive, and the record of the invocation it belongs to."""

from __future__ import annotations

from typing import Any

import azure.functions as func
from azure.functions import _abc as declared

from lazulite.worker.call import Call, thread_locals


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
