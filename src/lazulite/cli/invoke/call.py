"""Calls one function of a host and collects what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from lazulite.cli.invoke.request import Request, headers_of, method_of, url_of
from lazulite.cli.invoke.result import Result
from lazulite.cli.running import AdminClient, json_of, unexpected
from lazulite.cli.web import send
from lazulite.errors import UsageError

Record = Mapping[str, Any]


def call(client: AdminClient, name: str, request: Request) -> Result:
    """Call the function `name`, whatever its case. Raises UsageError when that cannot be."""
    function = _find(client, name)
    name = function["name"]
    errors = client.get(f"admin/functions/{quote(name, safe='')}/status").get("errors")
    if errors:
        return Result(name, False, error="\n".join(errors))
    bindings = (function.get("config") or {}).get("bindings") or []
    trigger = next((b for b in bindings if str(b.get("type", "")).lower() == "httptrigger"), None)
    before = _position(client)
    if trigger is not None:
        return _call_http(client, function, trigger, request, before)
    return _call_other(client, name, request, before)


def _find(client: AdminClient, name: str) -> Mapping[str, Any]:
    functions = client.get("admin/functions")
    by_name = {str(f["name"]).lower(): f for f in functions}
    found: Mapping[str, Any] | None = by_name.get(name.lower())
    if found is not None:
        return found
    from difflib import get_close_matches

    close = get_close_matches(name.lower(), by_name, n=1)
    guess = f"Did you mean '{by_name[close[0]]['name']}'? " if close else ""
    names = ", ".join(str(f["name"]) for f in functions) or "none"
    raise UsageError(f"There is no function '{name}'.", hint=f"{guess}There are: {names}.")


def _call_http(
    client: AdminClient,
    function: Mapping[str, Any],
    trigger: Mapping[str, Any],
    request: Request,
    before: int | None,
) -> Result:
    name = function["name"]
    if function.get("isDisabled"):
        return Result(name, False, error=f"Function '{name}' is disabled.")
    method = method_of(request, trigger)
    url = url_of(client.url, function["invoke_url_template"] or "", request)
    body = request.body if request.body is not None or method in ("GET", "HEAD") else b""
    answer = send(method, url, headers_of(request, client.key), body)
    if answer.status == 401 and client.key is None and client.own_key is not None:
        client.key = client.own_key()
        answer = send(method, url, headers_of(request, client.key), body)
    records = _records(client, name, before, "")
    started = {str(r["invocationId"]) for r in records if r["kind"] == "start"}
    end = next((r for r in records if r["kind"] == "end"), None) if len(started) == 1 else None
    return Result(
        function=name,
        succeeded=answer.status < 400,
        invocation=started.pop() if len(started) == 1 else "",
        duration=end["duration"] if end else None,
        error=(end["error"] or "") if end else "",
        stack=(end["stack"] or "") if end else "",
        response=answer,
        logs=_told(records),
        note=f"Others called '{name}' at the same time: the logs are of all these calls."
        if len(started) > 1
        else "",
    )


def _call_other(client: AdminClient, name: str, request: Request, before: int | None) -> Result:
    if request.method or request.params or request.query or request.headers:
        raise UsageError(
            f"'{name}' is no HTTP function: -X, -p, -q and -H mean nothing to it.",
            hint="Its input is given with --data.",
        )
    try:
        text = (request.body or b"").decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"The input of '{name}' must be text (UTF-8).") from None
    path = f"admin/functions/{quote(name, safe='')}?wait=1"
    answer = client.call("POST", path, {"input": text})
    if answer.status == 202:
        return Result(
            name, True, note="It was started; this host does not tell what becomes of it."
        )
    if answer.status != 200:
        raise unexpected(answer, path)
    outcome = json_of(answer, path)
    records = _records(client, name, before, outcome["id"]) if outcome["id"] else []
    return Result(
        function=name,
        succeeded=bool(outcome["succeeded"]),
        invocation=outcome["id"],
        duration=outcome["duration"],
        error=outcome["error"] or "",
        stack=outcome["stack"] or "",
        outputs=outcome["outputs"],
        logs=_told(records),
    )


def _position(client: AdminClient) -> int | None:
    """Where the host's logs are now; None for a host that has none to give."""
    path = "admin/host/logs"
    answer = client.call("GET", path)
    return int(json_of(answer, path)["position"]) if answer.status == 200 else None


def _records(
    client: AdminClient, function: str, before: int | None, invocation: str
) -> Sequence[Record]:
    if before is None:
        return []
    query = urlencode({"after": before, "function": function, "invocation": invocation})
    records: Sequence[Record] = client.get(f"admin/host/logs?{query}")["records"]
    return records


def _told(records: Sequence[Record]) -> list[Record]:
    return [record for record in records if record["kind"] in ("log", "line")]
