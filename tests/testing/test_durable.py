"""The test helpers of azure-functions-durable, beside this kit's."""

from __future__ import annotations

from pathlib import Path

from tests.testing.test_plugin import make, passed, run_pytest

APP = """
    import azure.durable_functions as df
    import azure.functions as func

    app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


    @app.activity_trigger(input_name="city")
    def greet(city: str) -> str:
        return f"Hello, {city}!"


    @app.orchestration_trigger(context_name="context")
    def tour(context: df.DurableOrchestrationContext):
        first = yield context.call_activity("greet", "Ankara")
        second = yield context.call_activity("greet", "Izmir")
        return [first, second]


    @app.route("ping")
    def ping(req: func.HttpRequest) -> str:
        return "pong"
"""
TESTS = """
    from unittest.mock import Mock

    import azure.durable_functions as df
    import pytest
    from azure.durable_functions.testing import orchestrator_generator_wrapper

    from __app__.function_app import greet, tour


    def answer(name, city):
        task = Mock(spec=df.models.Task)
        task.result = f"{name} {city}"
        return task


    def test_an_orchestrator():
        context = Mock(spec=df.DurableOrchestrationContext)
        context.call_activity = Mock(side_effect=answer)
        steps = orchestrator_generator_wrapper(
            tour.build().get_user_function().orchestrator_function(context)
        )
        assert [*steps][-1] == ["greet Ankara", "greet Izmir"]


    def test_an_activity():
        assert greet.build().get_user_function()("Bursa") == "Hello, Bursa!"


    @pytest.mark.lazulite_app("..", allow_errors=True)
    def test_the_other_functions(func_app):
        assert func_app.get("/api/ping").text == "pong"
        for name in ("greet", "tour"):
            assert "are not registered" in func_app.functions[name].error


    def test_an_orchestrator_again_after_the_app_was_open():
        test_an_orchestrator()
"""


def test_orchestrators_and_activities_are_tested_as_their_own_documentation_has_it(
    tmp_path: Path,
) -> None:
    files = {
        "app/host.json": '{"version": "2.0"}',
        "app/function_app.py": APP,
        "app/tests/test_tour.py": TESTS,
    }
    passed(run_pytest(make(tmp_path, files) / "app"), 4)
