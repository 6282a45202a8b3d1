"""The HTTP request that calls a function."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from lazulite.errors import UsageError
from lazulite.web.template import Parameter, RouteError, parse_template

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Request:
    """What the command line says about it; None where it is silent."""

    method: str | None
    params: Pairs
    query: Pairs
    headers: Pairs
    body: bytes | None


def method_of(request: Request, trigger: Mapping[str, Any]) -> str:
    """The method given, else one that the function answers: POST with a body, GET without."""
    if request.method:
        return request.method.upper()
    listed = trigger.get("methods") or ()
    allowed = [m.upper() for m in ([listed] if isinstance(listed, str) else listed)]
    wanted = "GET" if request.body is None else "POST"
    if not allowed or wanted in allowed:
        return wanted
    return next(
        (m for m in allowed if request.body is None or m not in ("GET", "HEAD")), allowed[0]
    )


def url_of(base: str, template: str, request: Request) -> str:
    """The URL of a function whose `invoke_url_template` is `template`, at the host `base`."""
    # no urlsplit: the template may hold `?` and `#`
    path = _fill(template.partition("://")[2].partition("/")[2], request.params)
    query = urlencode(request.query)
    return f"{base.rstrip('/')}/{path}{'?' + query if query else ''}"


def headers_of(request: Request, key: str | None) -> list[tuple[str, str]]:
    """The headers given, a content type for a body, the key."""
    headers = list(request.headers)
    names = {name.lower() for name, _ in headers}
    if request.body is not None and "content-type" not in names:
        headers.append(("Content-Type", _content_type(request.body)))
    if key is not None and "x-functions-key" not in names:
        headers.append(("x-functions-key", key))
    return headers


def _content_type(body: bytes) -> str:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return "application/octet-stream"
    try:
        parsed = json.loads(text)
    except ValueError:
        parsed = None
    is_json = isinstance(parsed, (dict, list))
    return "application/json" if is_json else "text/plain; charset=utf-8"


def _fill(path: str, params: Pairs) -> str:
    try:
        template = parse_template(path)
    except RouteError:
        if params:
            raise UsageError(f"The parts of the route {path} cannot be told apart.") from None
        return path.lstrip("/")
    values = {name.lower(): value for name, value in params}
    names = [parameter.name.lower() for parameter in template.parameters]
    for name in values:
        if name not in names:
            has = ", ".join(parameter.name for parameter in template.parameters) or "none"
            raise UsageError(
                f"-p {name}: the route {path} has no such part.", hint=f"It has {has}."
            )
    segments = []
    for segment in template.segments:
        filled = [_part(part, values, path) for part in segment]
        if None in filled:
            break  # what may be left out ends the path
        segments.append("".join(text for text in filled if text is not None))
    return "/".join(segments)


def _part(part: str | Parameter, values: Mapping[str, str], path: str) -> str | None:
    if isinstance(part, str):
        return quote(part)
    value = values.get(part.name.lower())
    if value is not None:
        return quote(value, safe="/" if part.catch_all else "")
    if part.optional or part.catch_all or part.default is not None:
        return None
    raise UsageError(
        f"The route {path} needs a value for {{{part.name}}}.", hint=f"Add -p {part.name}=VALUE."
    )
