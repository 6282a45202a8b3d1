"""What a function returned, as status, headers and body."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import azure.functions as func

from lazulite.web.headers import cookie_headers
from lazulite.web.text_response import string_response
from lazulite.worker.loading import user_stack

Headers = list[tuple[str, str]]
Answer = tuple[int, Headers, bytes]

# hyper frames the body itself; two lengths would be a smuggled request
_FRAMING = frozenset(("content-length", "transfer-encoding", "connection", "keep-alive"))
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NO_BODY = frozenset((204, 205, 304))


class AnswerError(TypeError):
    """The value cannot answer an HTTP request. The message is all that there is to say: it came
    from no line of the user's code."""


def answer_of(value: Any) -> Answer:
    """The answer for a `$return` or `Out` value of an `http` binding.

    Raises AnswerError for what the original cannot encode either (None, dict, list, int ...).
    """
    if isinstance(value, func.HttpResponse):
        return _response(value)
    if isinstance(value, str):
        text = string_response(value)
        headers = [*text.headers, *(("set-cookie", cookie) for cookie in text.cookies)]
        return checked(text.status, headers, text.body)
    raise AnswerError(
        "unable to encode outgoing TypedData: unsupported type "
        "\"<class 'azure.functions.http.HttpResponseConverter'>\" for Python type "
        f'"{type(value).__name__}"\n'
        "Return an azure.functions.HttpResponse or a str (json.dumps(...) for JSON)."
    )


def described(error: BaseException) -> tuple[str, str]:
    """The message and the user's stack of what a function, or its answer, failed with."""
    if isinstance(error, AnswerError):
        return f"TypeError: {error}", ""
    return f"{type(error).__name__}: {error}", user_stack(error)


@lru_cache(maxsize=64)
def _type_alone(mimetype: str, charset: str) -> Headers:
    """The headers of an answer that has none of its own; never changed by who gets them."""
    kind = f"{mimetype}; charset={charset}" if mimetype.startswith("text/") else mimetype
    return checked(200, [("content-type", kind)], b"")[1]


def _response(response: Any) -> Answer:
    if not response.headers:
        headers = _type_alone(response.mimetype, response.charset)
        return checked(response.status_code, headers, response.get_body() or b"", seen=True)
    headers = []
    has_type = False
    cookies: list[str] = []
    for name, value in response.headers:
        lower = name.lower()
        if lower == "set-cookie":
            cookies.append(value)
        elif lower not in _FRAMING:
            has_type = has_type or lower == "content-type"
            headers.append((name, value))
    if not has_type:
        kind = response.mimetype
        if kind.startswith("text/"):
            kind = f"{kind}; charset={response.charset}"
        headers.append(("content-type", kind))
    if cookies:
        headers += [("set-cookie", cookie) for cookie in cookie_headers(cookies)]
    return checked(response.status_code, headers, response.get_body() or b"")


def checked(status: Any, headers: Headers, body: bytes, seen: bool = False) -> Answer:
    """An answer that the HTTP server will not stumble over. seen: its headers were checked."""
    try:
        number = int(status)
    except (TypeError, ValueError):
        raise AnswerError(f"the status code {status!r} is not a number") from None
    if not 200 <= number <= 999:
        raise AnswerError(f"the status code {number} is not between 200 and 999")
    if number in _NO_BODY:
        body = b""
    if seen:
        return number, headers, body
    for name, value in headers:
        if not (value.isprintable() and name.isascii() and name.replace("-", "").isalnum()):
            _check_header(name, value)
    return number, headers, body


def _check_header(name: str, value: str) -> None:
    # the server leaves out what it cannot send, without a word
    if not _TOKEN.fullmatch(name):
        raise AnswerError(f"HTTP has no header of the name {name!r}")
    if _CONTROL.search(value):
        raise AnswerError(f"the header {name!r} has a value that HTTP cannot carry: {value!r}")
