"""Where an app's code may be, what invocations and worker extensions are told."""

from __future__ import annotations

from pathlib import Path

from lazulite.testing import open_app
from tests.making import V2, make

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
    with open_app(root) as app:
        assert app.get("/api/places").text == "packaged own site-code"
        assert app.get("/api/blue").text == "blue"


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
    with open_app(root) as app:
        headers = {"traceparent": parent, "tracestate": "a=b"}
        name, folder, id, trace, state, retries = app.get("/api/where", headers=headers).json()
        assert [record.id for record in app.invocations] == [id]
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
    with open_app(root) as app:
        assert app.get("/api/where").text == "done"
        (record,) = app.invocations
        assert record.messages == ["before where with ['req']", "after: done"]
