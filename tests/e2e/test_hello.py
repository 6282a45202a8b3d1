"""The smallest app there is, from start to Ctrl-C."""

from __future__ import annotations

from tests.e2e.harness import APPS, FuncApp


def test_an_app_starts_answers_and_ends() -> None:
    with FuncApp(APPS / "hello") as app:
        assert app.client.get("/api/hello?name=you").text == "Hello, you!"
        assert int(app.client.get("/api/pid").text) in app.worker_pids
        app.wait_for("Executed 'Functions.hello' (Succeeded")
        assert app.stop() == 0
    assert "Traceback" not in app.output()
