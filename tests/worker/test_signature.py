"""Signatures against bindings: every rule with its message, over the real library."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, List, Optional, Union  # noqa: UP035

import azure.functions as func
import pytest

from lazulite.model import BindingSpec
from lazulite.worker.signature import SignatureError, check

B = BindingSpec
REQ, RET = B("req", "httpTrigger"), B("$return", "http", "out")
MSG, QUEUE = B("msg", "queueTrigger"), B("q", "queue", "out")
ROW = B("row", "table")


class Context: ...


class Other: ...


def plain(req): ...  # type: ignore[no-untyped-def]
def annotated(req: func.HttpRequest, context: func.Context) -> func.HttpResponse: ...  # type: ignore[empty-body]
async def coroutine(req: func.HttpRequest) -> str: ...  # type: ignore[empty-body]
def with_out(req: func.HttpRequest, q: func.Out[func.QueueMessage]) -> str: ...  # type: ignore[empty-body]
def with_outs(req: func.HttpRequest, q: func.Out[List[func.QueueMessage]]) -> str: ...  # type: ignore[empty-body] # noqa: UP006
def with_texts(req: func.HttpRequest, q: func.Out[List[str]]) -> str: ...  # type: ignore[empty-body] # noqa: UP006
def with_modern(req: func.HttpRequest, q: func.Out[list[str]]) -> str: ...  # type: ignore[empty-body]
def as_text(msg: str) -> None: ...
def as_bytes(msg: bytes) -> None: ...
def as_message(msg: func.QueueMessage) -> None: ...
def own_context(req: func.HttpRequest, context: Context) -> str: ...  # type: ignore[empty-body]
def forward(req: "func.HttpRequest") -> "str": ...  # type: ignore[empty-body] # noqa: UP037
def row_text(req: func.HttpRequest, row: str) -> str: ...  # type: ignore[empty-body]


@pytest.mark.parametrize(
    ("call", "bindings"),
    [
        (plain, (REQ, RET)),
        (annotated, (REQ, RET)),
        (coroutine, (REQ, RET)),
        (with_out, (REQ, QUEUE, RET)),
        (with_outs, (REQ, QUEUE, RET)),
        (with_texts, (REQ, QUEUE, RET)),
        (with_modern, (REQ, QUEUE, RET)),
        (as_text, (MSG,)),
        (as_bytes, (MSG,)),
        (as_message, (MSG,)),
        (own_context, (REQ, RET)),
        (forward, (REQ, RET)),
        (row_text, (REQ, ROW, RET)),
        (plain, (B("REQ".lower(), "HTTPTRIGGER"), RET)),
    ],
)
def test_what_fits(call: Callable[..., Any], bindings: tuple[BindingSpec, ...]) -> None:
    signature = check("f", call, bindings)
    assert {p.name for p in signature.parameters} == {b.name for b in bindings} - {"$return"}
    assert signature.is_async == (call is coroutine)
    assert signature.wants_context == (call in (annotated, own_context))


def test_a_binding_named_context_is_no_invocation_context() -> None:
    def f(context: func.HttpRequest) -> str: ...  # type: ignore[empty-body]

    signature = check("f", f, (B("context", "httpTrigger"), RET))
    assert not signature.wants_context
    assert signature.parameters[0].name == "context"


def more(req: func.HttpRequest, more: str) -> str: ...  # type: ignore[empty-body]
def fewer() -> str: ...  # type: ignore[empty-body]
def starred(req: func.HttpRequest, *args: Any, **kwargs: Any) -> str: ...  # type: ignore[empty-body]
def wrong_context(req: func.HttpRequest, context: Other) -> str: ...  # type: ignore[empty-body]
def text_request(req: str) -> str: ...  # type: ignore[empty-body]
def optional(req: Optional[func.HttpRequest]) -> str: ...  # type: ignore[empty-body] # noqa: UP045
def out_for_in(req: func.Out[func.HttpRequest]) -> str: ...  # type: ignore[empty-body]
def in_for_out(req: func.HttpRequest, q: func.QueueMessage) -> str: ...  # type: ignore[empty-body]
def bare_out(req: func.HttpRequest, q: func.Out) -> str: ...  # type: ignore[empty-body, type-arg]
def out_of_request(req: func.HttpRequest, q: func.Out[func.HttpRequest]) -> str: ...  # type: ignore[empty-body]
def no_type(req: Any) -> str: ...  # type: ignore[empty-body]
def unresolved(req: Nowhere) -> str: ...  # type: ignore[empty-body, name-defined] # noqa: F821
def returns_out(req: func.HttpRequest) -> func.Out[str]: ...  # type: ignore[empty-body]
def returns_union(req: func.HttpRequest) -> Union[str, bytes]: ...  # type: ignore[empty-body] # noqa: UP007
def returns_int(req: func.HttpRequest) -> int: ...  # type: ignore[empty-body]
def returns_list(req: func.HttpRequest) -> list[str]: ...  # type: ignore[empty-body]
def row_int(req: func.HttpRequest, row: int) -> str: ...  # type: ignore[empty-body]


no_type.__annotations__["req"] = 5  # a text would be evaluated, and 3.10 refuses to


@pytest.mark.parametrize(
    ("call", "bindings", "message"),
    [
        (
            more,
            (REQ, RET),
            "the following parameters are declared in Python but not in function.json: {'more'}",
        ),
        (
            fewer,
            (REQ, RET),
            "the following parameters are declared in function.json but not in Python: {'req'}",
        ),
        (starred, (REQ, RET), "the following parameters are declared in Python but not in"),
        (plain, (B("req", "httpTrigger", "inout"), RET), '"inout" bindings are not supported'),
        (
            plain,
            (REQ, B("$return", "http", "in")),
            '"$return" binding must have direction set to "out"',
        ),
        (
            wrong_context,
            (REQ, RET),
            'the "context" parameter is expected to be of type azure.functions.Context, got ',
        ),
        (
            text_request,
            (REQ, RET),
            'type of req binding in function.json "httpTrigger" does not match its Python '
            'annotation "str"',
        ),
        (optional, (REQ, RET), "binding req has invalid non-type annotation "),
        (no_type, (REQ, RET), "binding req has invalid non-type annotation 5"),
        (
            out_for_in,
            (REQ, RET),
            'binding req is declared to have the "in" direction in function.json, but its '
            "annotation is azure.functions.Out in Python",
        ),
        (
            in_for_out,
            (REQ, QUEUE, RET),
            'binding q is declared to have the "out" direction, but its annotation in Python is '
            "not a subclass of azure.functions.Out",
        ),
        (bare_out, (REQ, QUEUE, RET), "binding q has invalid Out annotation "),
        (
            out_of_request,
            (REQ, QUEUE, RET),
            'type of q binding in function.json "queue" does not match its Python annotation '
            '"HttpRequest"',
        ),
        (unresolved, (REQ, RET), "an annotation cannot be resolved: NameError: "),
        (returns_out, (REQ, RET), "return annotation should not be azure.functions.Out"),
        (returns_union, (REQ, RET), "has invalid non-type return annotation "),
        (returns_list, (REQ, RET), "has invalid non-type return annotation list[str]"),
        (
            returns_int,
            (REQ, RET),
            'Python return annotation "int" does not match binding type "http"',
        ),
        (
            row_int,
            (REQ, ROW, RET),
            'type of row binding in function.json "table" does not match its Python annotation '
            '"int"',
        ),
    ],
)
def test_what_does_not_fit(
    call: Callable[..., Any], bindings: tuple[BindingSpec, ...], message: str
) -> None:
    with pytest.raises(SignatureError) as caught:
        check("f", call, bindings)
    assert str(caught.value).startswith(f"cannot load the f function: {message}")


def test_a_return_annotation_counts_only_with_a_return_binding() -> None:
    assert check("f", returns_int, (REQ,)).return_type is None
