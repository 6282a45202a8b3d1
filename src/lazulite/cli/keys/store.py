"""Keys, wherever they are: behind a running host, or in the app's own store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar
from urllib.parse import quote

from lazulite.cli.running import AdminClient, json_of, unexpected
from lazulite.errors import UsageError
from lazulite.host.keys import MASTER, Change, Keys, Scope

T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """Whose keys: the host's (for every function), the system's (for webhooks), a function's."""

    kind: Literal["host", "system", "function"]
    function: str = ""

    def __str__(self) -> str:
        return f"function '{self.function}'" if self.kind == "function" else f"the {self.kind}"

    @property
    def scope(self) -> Scope:
        return "systemkeys" if self.kind == "system" else "functionkeys"


class KeyStore(Protocol):
    """Keys by place and name. The master key is the host's `_master`."""

    def all(self, place: Place) -> Mapping[str, str]:
        """Name and value of each, without the master key."""
        ...

    def master(self) -> str: ...

    def put(self, place: Place, name: str, value: str | None) -> Change:
        """Set a key; without a value one is made."""
        ...

    def delete(self, place: Place, name: str) -> bool:
        """False when there is no such key."""
        ...


class HostKeys:
    """KeyStore behind a running host's API."""

    def __init__(self, client: AdminClient) -> None:
        self._client = client

    def all(self, place: Place) -> Mapping[str, str]:
        path = self._path(place)
        answer = self._client.call("GET", path)
        if answer.status == 404 and place.kind == "function":
            raise UsageError(f"There is no function '{place.function}' at {self._client.url}.")
        if answer.status != 200:
            raise unexpected(answer, path)
        return {key["name"]: key["value"] for key in json_of(answer, path)["keys"]}

    def master(self) -> str:
        return str(self._client.get(f"admin/host/systemkeys/{MASTER}")["value"])

    def put(self, place: Place, name: str, value: str | None) -> Change:
        path = self._path(place, name)
        if value is None:
            answer = self._client.call("POST", path)
        else:
            answer = self._client.call("PUT", path, {"name": name, "value": value})
        if answer.status == 404 and place.kind == "function":
            raise UsageError(f"There is no function '{place.function}' at {self._client.url}.")
        if answer.status not in (200, 201):
            raise unexpected(answer, path)
        created = answer.status == 201 and name != MASTER
        return Change(str(json_of(answer, path)["value"]), created)

    def delete(self, place: Place, name: str) -> bool:
        path = self._path(place, name)
        answer = self._client.call("DELETE", path)
        if answer.status not in (204, 404):
            raise unexpected(answer, path)
        return answer.status == 204

    def _path(self, place: Place, name: str | None = None) -> str:
        base = f"admin/host/{place.scope}"
        if place.kind == "function":
            base = f"admin/functions/{quote(place.function, safe='')}/keys"
        return base if name is None else f"{base}/{quote(name, safe='')}"


class StoredKeys:
    """KeyStore over the app's own store, for an app that does not run."""

    def __init__(self, root: str) -> None:
        self._root = root

    def all(self, place: Place) -> Mapping[str, str]:
        async def work(keys: Keys) -> Mapping[str, str]:
            if place.kind == "function":
                return await keys.of_function(place.function)
            host = await keys.host()
            return host.functions if place.kind == "host" else host.system

        return self._use(work)

    def master(self) -> str:
        async def work(keys: Keys) -> str:
            return (await keys.host()).master

        return self._use(work)

    def put(self, place: Place, name: str, value: str | None) -> Change:
        async def work(keys: Keys) -> Change:
            if place.kind == "function":
                return await keys.set_function(place.function, name, value)
            return await keys.set_host(place.scope, name, value)

        return self._use(work)

    def delete(self, place: Place, name: str) -> bool:
        async def work(keys: Keys) -> bool:
            if place.kind == "function":
                return await keys.delete_function(place.function, name)
            return await keys.delete_host(place.scope, name)

        return self._use(work)

    def _use(self, work: Callable[[Keys], Awaitable[T]]) -> T:
        from lazulite.host.keyring import secret_store
        from lazulite.host.main import load
        from lazulite.host.options import StartOptions
        from lazulite.host.storage import HostAccounts, HostState

        app = load(StartOptions(root=self._root))

        async def run() -> T:
            accounts = HostAccounts.of(app)
            try:
                documents = secret_store(app, lambda: HostState(accounts))
                return await work(Keys(documents, app.host_id, lambda table: None))
            finally:
                await accounts.close()

        return asyncio.run(run())


def own_key(root: str) -> Callable[[], str]:
    """Reads the master key of the app in `root` from its store."""
    return StoredKeys(root).master
