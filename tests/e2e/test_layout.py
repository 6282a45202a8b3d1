"""What of an app lives as long as its process."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.harness import FuncApp
from tests.making import make

FUNCTION = """{"bindings": [
  {"type": "httpTrigger", "name": "req", "authLevel": "anonymous"},
  {"type": "http", "name": "$return", "direction": "out"}]}"""


def test_module_globals_live_as_long_as_their_process(tmp_path: Path) -> None:
    code = (
        "import os\nfrom __app__.shared import state\n\n"
        "async def main(req):\n    state.count += 1\n    return f'{os.getpid()} {state.count}'\n"
    )
    root = make(
        tmp_path,
        {
            "local.settings.json": '{"Values": {"FUNCTIONS_WORKER_PROCESS_COUNT": "2"}}',
            "shared/state.py": "count = 0",
            "one/function.json": FUNCTION,
            "one/__init__.py": code,
            "two/function.json": FUNCTION,
            "two/__init__.py": code,
        },
    )
    with FuncApp(root) as app:
        app.wait_for("Worker process started and initialized.", count=2)
        counts: dict[str, list[int]] = {}
        for number in range(20):
            path = "/api/one" if number % 2 else "/api/two"
            answer = app.client.get(path, headers={"connection": "close"}).text
            pid, count = answer.split()
            counts.setdefault(pid, []).append(int(count))
        assert {int(pid) for pid in counts} <= set(app.worker_pids)
    assert all(seen == list(range(1, len(seen) + 1)) for seen in counts.values())
