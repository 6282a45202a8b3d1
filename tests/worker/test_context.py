"""The `context` that functions receive."""

from __future__ import annotations

import re

import azure.functions as func

from lazulite.wire.ids import new_id
from lazulite.worker.call import Call
from lazulite.worker.context import Context

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_its_attributes() -> None:
    call = Call("hello")
    call.metadata_headers = (PARENT, "a=b")
    call.retry_count, call.max_retries = 1, 3
    context = Context(call, "hello", "/app/hello")

    assert isinstance(context, func.Context)
    assert context.invocation_id == call.id
    assert (context.function_name, context.function_directory) == ("hello", "/app/hello")
    trace = context.trace_context
    assert (trace.trace_parent, trace.trace_state, trace.attributes) == (PARENT, "a=b", {})
    assert (trace.Traceparent, trace.Tracestate, trace.Attributes) == (PARENT, "a=b", {})
    retry = context.retry_context
    assert (retry.retry_count, retry.max_retry_count) == (1, 3)
    assert retry.exception is retry.rpc_exception
    context.thread_local_storage.invocation_id = "x"
    assert context.thread_local_storage.invocation_id == "x"
    del context.thread_local_storage.invocation_id


def test_invocation_ids_are_random_uuids() -> None:
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    pattern = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
    assert all(pattern.fullmatch(one) for one in ids)


def test_an_id_is_made_once() -> None:
    call = Call("hello")
    assert call.id == call.id
    assert Call("hello", "given").id == "given"
