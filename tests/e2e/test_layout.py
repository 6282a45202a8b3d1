"""Where an app's code may be, and what of it lives as long as its process."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.harness import FuncApp
from tests.e2e.test_start import V2, make

FUNCTION = """{"bindings": [
  {"type": "httpTrigger", "name": "req", "authLevel": "anonymous"},
  {"type": "http", "name": "$return", "direction": "out"}]}"""


def test_packages_beside_the_app_and_another_script_name(tmp_path: Path) -> None:
    site = ".python_packages/lib/site-packages"
    root = make(
        tmp_path,
        {
            "local.settings.json": '{"Values": {"PYTHON_SCRIPT_FILE_NAME": "site-code.py"}}',
            "site-code.py": V2
            + "import packaged, own\nfrom blue import bp\napp.register_functions(bp)\n"
            + "@app.route()\ndef places(req): return f'{packaged.NAME} {own.NAME} {__name__}'\n",
            "own.py": "NAME = 'own'",
            "blue.py": "import azure.functions as func\nbp = func.Blueprint()\n"
            + "@bp.route('blue', auth_level='anonymous')\ndef blue(req): return 'blue'\n",
            f"{site}/packaged/__init__.py": "NAME = 'packaged'",
        },
    )
    with FuncApp(root) as app:
        assert app.client.get("/api/places").text == "packaged own site-code"
        assert app.client.get("/api/blue").text == "blue"


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


def test_the_context_of_an_invocation(tmp_path: Path) -> None:
    root = make(
        tmp_path,
        {
            "where/function.json": FUNCTION,
            "where/__init__.py": "import json\ndef main(req, context):\n"
            "    trace = context.trace_context\n"
            "    return json.dumps([context.function_name, context.function_directory,"
            " context.invocation_id, trace.trace_parent, trace.trace_state,"
            " context.retry_context.retry_count])\n",
        },
    )
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with FuncApp(root) as app:
        headers = {"traceparent": parent, "tracestate": "a=b"}
        name, folder, id, trace, state, retries = app.client.get(
            "/api/where", headers=headers
        ).json()
        app.wait_for(f"Executed 'Functions.where' (Succeeded, Id={id}")
    assert (name, folder, retries) == ("where", str(root / "where"), 0)
    assert trace.split("-")[1] == parent.split("-")[1]
    assert state == "a=b"


def test_worker_extensions_run(tmp_path: Path) -> None:
    root = make(
        tmp_path,
        {
            "where/function.json": FUNCTION,
            "where/__init__.py": "import azure.functions as func\n"
            "class Timing(func.AppExtensionBase):\n"
            "    @classmethod\n"
            "    def init(cls): ...\n"
            "    @classmethod\n"
            "    def pre_invocation_app_level(cls, logger, context, func_args={}, *a, **k):\n"
            "        logger.info('before %s with %s', context.function_name, sorted(func_args))\n"
            "    @classmethod\n"
            "    def post_invocation_app_level(cls, logger, context, func_args={}, func_ret=None,"
            " *a, **k):\n"
            "        logger.info('after: %s', func_ret)\n"
            "def main(req):\n    return 'done'\n",
        },
    )
    with FuncApp(root) as app:
        assert app.client.get("/api/where").text == "done"
        app.wait_for("before where with ['req']")
        app.wait_for("after: done")
