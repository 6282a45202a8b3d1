from __future__ import annotations

import asyncio
import json
from pathlib import Path

from lazulite.bindings import Bindings, known_kinds
from lazulite.config.functions import scan_functions
from lazulite.host.index import Index
from lazulite.host.storage import HostAccounts
from lazulite.host.validate import check_bindings
from lazulite.model import BindingSpec, FunctionSpec
from tests.bindings.context import Lines, embedded, make_context
from tests.clock import FakeClock


def errors(folder: Path, *specs: FunctionSpec, settings: dict[str, str]) -> dict[str, str | None]:
    async def main() -> dict[str, str | None]:
        clock = FakeClock()
        async with embedded(folder, clock) as account:
            accounts = HostAccounts(str(folder), settings, {}, Lines())
            context = make_context(account, clock)
            object.__setattr__(context, "accounts", accounts)
            index = Index({spec.name: spec for spec in specs}, "v2", stacks={})
            checked = check_bindings(index, Bindings(context))
            await accounts.close()
            return {name: spec.error for name, spec in checked.functions.items()}

    return asyncio.run(main())


def function(name: str, *bindings: BindingSpec, disabled: bool = False) -> FunctionSpec:
    return FunctionSpec(name, "/app", "/app/f.py", name, bindings, "v2", disabled=disabled)


def test_what_is_wrong_is_told_with_its_place(tmp_path: Path) -> None:
    http = BindingSpec("req", "httpTrigger")
    bad_timer = BindingSpec("t", "timerTrigger", properties={"schedule": "0 0 25 * * *"})
    lost = BindingSpec("m", "queue", "out", None, {"queueName": "q", "connection": "Nowhere"})
    found = errors(
        tmp_path,
        function("fine", http),
        function("timer", bad_timer),
        function("sender", http, lost),
        function("off", bad_timer, disabled=True),
        settings={},
    )
    assert found["fine"] is None
    assert found["off"] is None
    assert found["timer"] is not None
    assert found["timer"].startswith("/app/f.py, function 'timer', binding 't': The schedule")
    assert found["sender"] is not None
    assert "function 'sender', binding 'm'" in found["sender"]
    assert "'AzureWebJobsNowhere' does not exist" in found["sender"]


def test_v1_functions_have_the_line_of_the_binding(tmp_path: Path) -> None:
    folder = tmp_path / "Clock"
    folder.mkdir()
    (folder / "__init__.py").write_text("def main(t): ...\n")
    binding = {"name": "t", "type": "timerTrigger", "direction": "in", "schedule": "sometimes"}
    text = '{\n  "bindings": [\n    ' + json.dumps(binding) + "\n  ]\n}\n"
    (folder / "function.json").write_text(text)
    (spec,) = scan_functions(tmp_path, {}, kinds=known_kinds())
    assert spec.error is None
    found = errors(tmp_path, spec, settings={})["Clock"]
    assert found is not None
    assert found.startswith(f"{folder}/function.json:3:5, function 'Clock', binding 't': The sched")


def test_an_app_without_storage_opens_none(tmp_path: Path) -> None:
    errors(tmp_path, function("web", BindingSpec("req", "httpTrigger")), settings={})
    assert not (tmp_path / ".lazulite").exists()
