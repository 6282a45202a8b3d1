"""What a client gets when a function returns a string: the original reads it as JSON first."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from lazulite.web.dotnet import format_double
from lazulite.web.headers import Headers, cookie_header

TEXT = "text/plain; charset=utf-8"
JSON = "application/json; charset=utf-8"
_JSON_STARTS = frozenset('{["-0123456789tfnNI')


class Response(NamedTuple):
    """Status, headers (content-type always among them), body, and `Set-Cookie` values."""

    status: int
    headers: Headers
    body: bytes
    cookies: list[str]


def string_response(text: str) -> Response:
    """The answer for a string that a function returned.

    Not JSON: the text itself. A JSON object with a member `body` (in any case): a response object
    with `status` or `statusCode`, `headers`, `cookies`. Other JSON: rendered anew, objects and
    arrays with an indentation of two, scalars as .NET writes them (`True`, `1` for 1.0, nothing
    for null). Always text/plain unless a response object says otherwise.
    """
    bare = text.strip()
    if bare and bare[0] not in _JSON_STARTS:
        return _plain(text)
    try:
        value = json.loads(bare) if bare else None
    except (ValueError, RecursionError):
        return _plain(text)
    if isinstance(value, dict):
        members = {key.lower(): member for key, member in value.items()}
        if "body" in members:
            return _response(members)
    return _plain(render(value))


def render(value: Any) -> str:
    """A JSON value as the original writes it into a text body."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, float):
        return format_double(value)
    if isinstance(value, int):
        return str(value)
    return json.dumps(value, indent=2, ensure_ascii=False)


def _plain(text: str) -> Response:
    return Response(200, [("content-type", TEXT)], text.encode("utf-8", "replace"), [])


def _response(members: dict[str, Any]) -> Response:
    headers: Headers = []
    given = members.get("headers")
    for name, value in given.items() if isinstance(given, dict) else ():
        headers.append((name, render(value)))
    body = members["body"]
    if not any(name.lower() == "content-type" for name, _ in headers):
        negotiated = members.get("enablecontentnegotiation") is True and not isinstance(body, str)
        headers.append(("content-type", JSON if negotiated else TEXT))
    return Response(
        _status(members.get("statuscode", members.get("status"))),
        headers,
        render(body).encode("utf-8", "replace"),
        _cookies(members.get("cookies")),
    )


def _status(value: Any) -> int:
    """200 where nothing usable is given, 500 for a number that is no status."""
    try:
        status = int(value) if isinstance(value, (str, float, int)) else 200
    except (ValueError, OverflowError):
        return 200
    return status if 100 <= status <= 599 else 500


def _cookies(given: Any) -> list[str]:
    found: list[str] = []
    for cookie in given if isinstance(given, list) else ():
        if isinstance(cookie, dict):
            members = {key.lower(): value for key, value in cookie.items()}
            members["max-age"] = members.pop("maxage", members.get("max-age"))
            name = members.get("name")
            if isinstance(name, str) and name:
                found.append(cookie_header(name, render(members.get("value")), members))
    return found
