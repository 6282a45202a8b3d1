"""The key management API: `/admin/.../keys`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lazulite.abc import WebRequest, WebResponse
from lazulite.host.admin.router import Router, as_json, json_body
from lazulite.host.keys import MASTER, Change, Keys, Scope

_SCOPES: dict[str, Scope] = {
    "keys": "functionkeys",
    "functionkeys": "functionkeys",
    "systemkeys": "systemkeys",
}


class KeyApi:
    """Answers for host and function keys. `known`: whether a function of this name exists."""

    def __init__(self, keys: Keys, known: Callable[[str], bool]) -> None:
        self._keys = keys
        self._known = known

    def mount(self, router: Router) -> None:
        """Add the routes."""
        router.add("GET", "admin/host/{scope:regex(^(function|system)?keys$)}", self._host_all)
        host = "admin/host/{scope:regex(^(function|system)?keys$)}/{name}"
        router.add("GET", host, self._host_one)
        router.add("POST PUT", host, self._host_set)
        router.add("DELETE", host, self._host_delete)
        router.add("GET", "admin/functions/{function}/keys", self._function_all)
        own = "admin/functions/{function}/keys/{name}"
        router.add("GET", own, self._function_one)
        router.add("POST PUT", own, self._function_set)
        router.add("DELETE", own, self._function_delete)

    async def _host_keys(self, scope: str) -> Mapping[str, str]:
        host = await self._keys.host()
        return host.functions if _SCOPES[scope] == "functionkeys" else host.system

    async def _host_all(self, request: WebRequest, params: Mapping[str, str]) -> WebResponse:
        return _list(request, await self._host_keys(params["scope"].lower()))

    async def _host_one(self, request: WebRequest, params: Mapping[str, str]) -> WebResponse:
        scope, name = params["scope"].lower(), params["name"]
        if name == MASTER:
            if scope != "systemkeys":
                return WebResponse(404)
            return _one(request, name, (await self._keys.host()).master)
        return _one(request, name, (await self._host_keys(scope)).get(name))

    async def _host_set(self, request: WebRequest, params: Mapping[str, str]) -> WebResponse:
        value, refusal = _value(request)
        if refusal is not None:
            return refusal
        name = params["name"]
        change = await self._keys.set_host(_SCOPES[params["scope"].lower()], name, value)
        if name == MASTER:
            return _one(request, name, change.value, 201 if request.method == "POST" else 200)
        return _changed(request, name, change)

    async def _host_delete(self, request: WebRequest, params: Mapping[str, str]) -> WebResponse:
        if params["name"] == MASTER:
            return as_json({"message": "Cannot delete System Key."}, 400)
        scope = _SCOPES[params["scope"].lower()]
        return WebResponse(204 if await self._keys.delete_host(scope, params["name"]) else 404)

    async def _function_all(self, request: WebRequest, params: Mapping[str, str]) -> WebResponse:
        if not self._known(params["function"]):
            return WebResponse(404)
        return _list(request, await self._keys.of_function(params["function"]))

    async def _function_one(self, request: WebRequest, params: Mapping[str, str]) -> WebResponse:
        if not self._known(params["function"]):
            return WebResponse(404)
        keys = await self._keys.of_function(params["function"])
        return _one(request, params["name"], keys.get(params["name"]))

    async def _function_set(self, request: WebRequest, params: Mapping[str, str]) -> WebResponse:
        if not self._known(params["function"]):
            return WebResponse(404)
        value, refusal = _value(request)
        if refusal is not None:
            return refusal
        change = await self._keys.set_function(params["function"], params["name"], value)
        return _changed(request, params["name"], change)

    async def _function_delete(self, request: WebRequest, params: Mapping[str, str]) -> WebResponse:
        if not self._known(params["function"]):
            return WebResponse(404)
        gone = await self._keys.delete_function(params["function"], params["name"])
        return WebResponse(204 if gone else 404)


def _value(request: WebRequest) -> tuple[str | None, WebResponse | None]:
    """The value to set (None = generate one, which POST asks for), or the refusal."""
    if request.method == "POST":
        return None, None
    body = json_body(request)
    value = body.get("value") if isinstance(body, dict) else None
    if not isinstance(value, str) or not value:
        return None, as_json({"message": "Invalid key value"}, 400)
    return value, None


def _links(request: WebRequest) -> list[dict[str, str]]:
    host = request.headers.get("host", "localhost")
    return [{"rel": "self", "href": f"{request.scheme}://{host}{request.path}"}]


def _list(request: WebRequest, keys: Mapping[str, str]) -> WebResponse:
    shown = [{"name": name, "value": value} for name, value in keys.items()]
    return as_json({"keys": shown, "links": _links(request)})


def _one(request: WebRequest, name: str, value: str | None, status: int = 200) -> WebResponse:
    if value is None:
        return WebResponse(404)
    return as_json({"name": name, "value": value, "links": _links(request)}, status)


def _changed(request: WebRequest, name: str, change: Change) -> WebResponse:
    return _one(request, name, change.value, 201 if change.created else 200)
