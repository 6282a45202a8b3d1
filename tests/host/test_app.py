"""The parts of an app in a host, put together; its workers are played."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from lazulite.abc import WebRequest
from lazulite.config.app import load_app
from lazulite.config.loglevels import LogLevels
from lazulite.host.app import HostedApp
from lazulite.host.clock import SystemClock
from lazulite.host.index import Index
from lazulite.host.journal import Journal
from lazulite.host.options import StartOptions
from lazulite.host.spool import Spool
from lazulite.host.storage import HostAccounts, HostState
from lazulite.model import BindingSpec, FunctionSpec, Invocation, Outcome
from lazulite.telemetry.console import Console, Filter


class Workers:
    """Runs nothing, well."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    async def invoke(self, invocation: Invocation) -> Outcome:
        self.ran.append(invocation.function)
        return Outcome(invocation.id)


class Bench:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        config = load_app(folder, {})
        self.accounts = HostAccounts.of(config)
        self.policies: list[Any] = []
        self.workers = Workers()
        self.spool = Spool(str(folder))
        self.app = HostedApp(
            config,
            StartOptions(root=str(folder), enable_auth=True),
            "instance",
            self.accounts,
            HostState(self.accounts),
            SystemClock(),
            Journal(Console(io.StringIO(), Filter(LogLevels()), False)),
            self.spool,
            self._running,
            self.policies.append,
        )
        self.app.attach(self.workers, SystemClock())
        self.app.mount(self.app.facts())

    async def _running(self) -> bool:
        return True

    def has(self, *functions: FunctionSpec) -> None:
        index = Index({spec.name: spec for spec in functions}, "v2")
        self.app.adopt(load_app(self.folder, {}), index, self.app.bindings)

    async def get(self, path: str) -> Any:
        table = await self.app.keys.table()
        assert table is not None
        request = WebRequest("GET", path, {}, {"x-functions-key": table.master, "host": "here"})
        response = await self.app.answer(request)
        assert response.status == 200
        return json.loads(response.body) if response.body else None


def run(folder: Path, body: Callable[[Bench], Awaitable[None]]) -> None:
    async def main() -> None:
        (folder / "host.json").write_text('{"version": "2.0"}')
        bench = Bench(folder)
        try:
            await body(bench)
        finally:
            bench.spool.close()
            await bench.accounts.close()

    asyncio.run(main())


def function(name: str, kind: str, error: str | None = None, **members: Any) -> FunctionSpec:
    trigger = BindingSpec("trigger", kind, properties=members)
    return FunctionSpec(name, "/app", "/app/f.py", name, (trigger,), error=error)


def test_what_cannot_be_run_by_hand_says_why(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        page, broken = function("page", "httpTrigger"), function("broken", "timerTrigger", "no!")
        bench.has(page, broken)
        told = [(await bench.app.run_by_hand(spec, "")).error for spec in (page, broken)]
        assert told == [
            "Function 'page' is called by its URL.",
            "Function 'broken' cannot be run: no!",
        ]
        assert bench.workers.ran == []

    run(tmp_path, body)


def test_warm_up_runs_the_warm_up_function_alone(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        bench.has(function("warm", "warmupTrigger"), function("page", "httpTrigger"))
        await bench.get("/admin/warmup")
        assert bench.workers.ran == ["warm"]

    run(tmp_path, body)


def test_the_admin_api_tells_of_the_app_as_it_is_now(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        assert await bench.get("/admin/functions") == []
        extensions = {"http": {"routePrefix": "v2"}}
        (bench.folder / "host.json").write_text(
            json.dumps({"version": "2.0", "extensions": extensions})
        )
        bench.has(function("page", "httpTrigger", route="tea"))
        (shown,) = await bench.get("/admin/functions")
        assert shown["invoke_url_template"] == "http://here/v2/tea"
        assert (await bench.get("/admin/host/config"))["extensions"] == extensions

    run(tmp_path, body)


def test_workers_are_told_of_new_keys(tmp_path: Path) -> None:
    async def body(bench: Bench) -> None:
        bench.has(function("page", "httpTrigger"))
        table = await bench.app.keys.table()
        assert table is not None
        bench.app.keys_changed(table)
        assert bench.policies[-1]["keys"]["functions"]["page"] == dict(table.functions["page"])

    run(tmp_path, body)
