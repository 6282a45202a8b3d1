"""The app's keys: made on first use, kept as the original's documents, given to workers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Literal, Protocol

from lazulite.abc import Document
from lazulite.errors import Conflict
from lazulite.host.secret_files import SecretFiles
from lazulite.web import secrets_file as documents
from lazulite.web.keys import KeyTable, generate_key
from lazulite.web.secrets_file import HostSecrets

CONTAINER = "azure-webjobs-secrets"
Scope = Literal["functionkeys", "systemkeys"]
MASTER = "_master"


@dataclass(frozen=True)
class Change:
    """What a key operation did: the key's value, and whether it is new."""

    value: str
    created: bool


class Documents(Protocol):
    """The part of abc.StateStore that keys need."""

    async def read(self, path: str) -> Document | None: ...

    async def write(
        self, path: str, body: bytes, *, version: str | None = None, create: bool = False
    ) -> str: ...

    async def delete(self, path: str) -> None: ...


class Keys:
    """Keys by scope. `changed` is called with the whole table after each change.

    Changes raise Conflict where another host changed the document first; it is read anew next."""

    def __init__(self, state: Documents, host_id: str, changed: Callable[[KeyTable], None]):
        self._state = state
        self._folder = f"{CONTAINER}/{host_id.lower()}"
        self._changed = changed
        self._host: HostSecrets | None = None
        self._functions: dict[str, dict[str, str]] = {}
        self._versions: dict[str, str] = {}

    @property
    def place(self) -> str:
        """Where the keys are, in words."""
        return str(self._state) if isinstance(self._state, SecretFiles) else self._folder

    async def load(self, functions: list[str]) -> KeyTable:
        """Read all keys, making what is missing."""
        await self.host()
        for name in functions:
            await self.of_function(name)
        return self.table()

    async def reread(self) -> bool:
        """Read what was read before anew; True, and `changed` called, where it is different."""
        before = self.table() if self._host is not None else None
        names = list(self._functions)
        self._host = None
        self._functions = {}
        after = await self.load(names)
        if after == before:
            return False
        self._changed(after)
        return True

    def table(self) -> KeyTable:
        """The keys read so far."""
        assert self._host is not None
        return documents.key_table(self._host, self._functions)

    async def host(self) -> HostSecrets:
        """The master, host function and system keys."""
        if self._host is None:
            self._host = await self._read(
                "host.json", documents.parse_host, documents.new_host, documents.render_host
            )
        return self._host

    async def of_function(self, name: str) -> dict[str, str]:
        """The keys of one function."""
        lower = name.lower()
        if lower not in self._functions:
            self._functions[lower] = await self._read(
                f"{lower}.json",
                documents.parse_function,
                documents.new_function,
                documents.render_function,
            )
        return self._functions[lower]

    async def system(self, name: str) -> str:
        """The system key of an extension (`blobs_extension`), made when missing."""
        host = await self.host()
        if name not in host.system:
            await self.set_host("systemkeys", name, generate_key("system"))
        return (await self.host()).system[name]

    async def set_host(self, scope: Scope, name: str, value: str | None) -> Change:
        """Set or (value None) generate a host key; `_master` sets the master key."""
        host = await self.host()
        if name == MASTER:
            value = value or generate_key("master")
            await self._save_host(host._replace(master=value))
            return Change(value, created=False)
        value = value or generate_key("function" if scope == "functionkeys" else "system")
        before = _of_scope(host, scope)
        await self._save_host(_with_scope(host, scope, {**before, name: value}))
        return Change(value, created=name not in before)

    async def delete_host(self, scope: Scope, name: str) -> bool:
        """False when there is no such key."""
        host = await self.host()
        rest = dict(_of_scope(host, scope))
        if rest.pop(name, None) is None:
            return False
        await self._save_host(_with_scope(host, scope, rest))
        return True

    async def set_function(self, function: str, name: str, value: str | None) -> Change:
        """Set or (value None) generate a function's key."""
        keys = await self.of_function(function)
        value = value or generate_key("function")
        change = Change(value, created=name not in keys)
        await self._save_function(function, {**keys, name: value})
        return change

    async def delete_function(self, function: str, name: str) -> bool:
        """False when there is no such key."""
        rest = dict(await self.of_function(function))
        if rest.pop(name, None) is None:
            return False
        await self._save_function(function, rest)
        return True

    async def _save_host(self, host: HostSecrets) -> None:
        await self._write("host.json", documents.render_host(host))
        self._host = host
        self._changed(self.table())

    async def _save_function(self, function: str, keys: dict[str, str]) -> None:
        await self._write(f"{function.lower()}.json", documents.render_function(keys))
        self._functions[function.lower()] = keys
        if self._host is not None:
            self._changed(self.table())

    async def _write(self, name: str, document: Any) -> None:
        """Over what was read only: keys that another host made meanwhile are not lost."""
        try:
            self._versions[name] = await self._state.write(
                f"{self._folder}/{name}",
                json.dumps(document, indent=2).encode(),
                version=self._versions.get(name),
            )
        except Conflict:
            self._host = None
            self._functions.clear()
            raise

    async def _read(self, name: str, parse: Any, make: Any, render: Any) -> Any:
        path = f"{self._folder}/{name}"
        for _ in range(3):
            found = await self._state.read(path)
            if found is not None:
                try:
                    parsed = parse(json.loads(found.body))
                except ValueError:
                    await self._set_aside(path, found.body)
                else:
                    self._versions[name] = found.version
                    return parsed
            made = make()
            body = json.dumps(render(made), indent=2).encode()
            try:
                self._versions[name] = await self._state.write(path, body, create=True)
            except Conflict:
                continue  # another host was first: its keys count
            return made
        raise Conflict(f"the keys in {path} change faster than they can be read")

    async def _set_aside(self, path: str, body: bytes) -> None:
        """Keep a document that cannot be read, as the original does, and make a new one."""
        stamp = datetime.now(timezone.utc).strftime("%Y-%m-%d %H.%M.%S.%f")
        await self._state.write(f"{path.removesuffix('.json')}.snapshot.{stamp}.json", body)
        await self._state.delete(path)


def _of_scope(host: HostSecrets, scope: Scope) -> Mapping[str, str]:
    return host.functions if scope == "functionkeys" else host.system


def _with_scope(host: HostSecrets, scope: Scope, keys: Mapping[str, str]) -> HostSecrets:
    if scope == "functionkeys":
        return host._replace(functions=keys)
    return host._replace(system=keys)
