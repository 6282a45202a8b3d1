"""Files change; the app follows."""

from __future__ import annotations

import json
import shutil
import ssl
import threading
from pathlib import Path

import httpx

from tests.e2e.harness import APPS, PATIENCE, FuncApp, children
from tests.e2e.test_supervision import eventually, fresh_get

FAULTS = APPS / "faults"


def edit(app: FuncApp, old: str, new: str, name: str = "function_app.py") -> None:
    path = app.root / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_an_edit_is_served_also_on_open_connections(tmp_path: Path) -> None:
    with FuncApp(FAULTS, copy_to=tmp_path) as app:
        assert app.client.get("/api/version").text == "1"
        for number in range(2, 8):  # within a second: byte code must not be mistaken for current
            edit(app, f"VERSION = {number - 1}", f"VERSION = {number}")
            app.wait_for("App reloaded", number - 1)
            assert app.client.get("/api/version").text == str(number)


def test_requests_in_flight_end_on_the_old_code(tmp_path: Path) -> None:
    with FuncApp(FAULTS, copy_to=tmp_path) as app:
        answers: list[str] = []

        def ask(path: str) -> None:
            answers.append(fresh_get(app, path).text)

        threads = [
            threading.Thread(target=ask, args=(f"/api/{name}?seconds=1.5",))
            for name in ("sleep", "hold")
        ]
        for thread in threads:
            thread.start()
        app.wait_for("Executing 'Functions.sleep'")
        app.wait_for("Executing 'Functions.hold'")
        edit(app, "VERSION = 1", "VERSION = 2")
        app.wait_for("App reloaded")
        assert fresh_get(app, "/api/version").text == "2"
        for thread in threads:
            thread.join()
        assert sorted(answers) == ["held 1", "slept 1"]


def test_a_syntax_error_keeps_the_old_code_and_is_told(tmp_path: Path) -> None:
    with FuncApp(FAULTS, copy_to=tmp_path) as app:
        edit(app, "VERSION = 1", "VERSION = = 2")
        app.wait_for("The app goes on as it was before this change.")
        line = (FAULTS / "function_app.py").read_text().split("VERSION = 1")[0].count("\n") + 1
        assert f"{app.root}/function_app.py:{line}: SyntaxError: invalid syntax" in app.output()
        assert fresh_get(app, "/api/version").text == "1"
        edit(app, "VERSION = = 2", "VERSION = 3")
        app.wait_for("App reloaded")
        assert fresh_get(app, "/api/version").text == "3"


def test_configuration_that_is_wrong_keeps_the_old(tmp_path: Path) -> None:
    with FuncApp(FAULTS, copy_to=tmp_path) as app:
        edit(app, '"2.0"', '"2.0', "host.json")
        app.wait_for("The app goes on as it was before this change.")
        assert "host.json:1" in app.output()
        assert fresh_get(app, "/api/version").text == "1"
        (app.root / "host.json").write_text(
            json.dumps({"version": "2.0", "extensions": {"http": {"routePrefix": "v1"}}})
        )
        app.wait_for("App reloaded")
        assert fresh_get(app, "/v1/version").text == "1"
        assert fresh_get(app, "/api/version").status_code == 404


def test_settings_apply(tmp_path: Path) -> None:
    with FuncApp(FAULTS, copy_to=tmp_path) as app:
        assert fresh_get(app, "/api/greeting").text == "hello"
        edit(app, '"hello"', '"welcome"', "local.settings.json")
        app.wait_for("App reloaded")
        assert fresh_get(app, "/api/greeting").text == "welcome"
        edit(
            app,
            '"GREETING"',
            '"FUNCTIONS_WORKER_PROCESS_COUNT": "2", "GREETING"',
            "local.settings.json",
        )
        app.wait_for("Worker process started and initialized.", 4)
        eventually(lambda: len({fresh_get(app, "/api/pid").text for _ in range(20)}) == 2)


def test_a_restart_can_be_asked_for() -> None:
    with FuncApp(FAULTS) as app:
        old = fresh_get(app, "/api/pid").text
        assert app.client.post("/admin/host/restart").status_code == 200
        app.wait_for("App reloaded")
        assert fresh_get(app, "/api/pid").text != old


def test_app_offline_is_answered_with_its_body(tmp_path: Path) -> None:
    with FuncApp(FAULTS, copy_to=tmp_path) as app:
        assert app.client.get("/api/version").status_code == 200
        (app.root / "app_offline.htm").write_text("<p>Back soon.</p>")
        eventually(lambda: app.client.get("/api/version").status_code == 503)
        answer = fresh_get(app, "/api/version")
        assert answer.text == "<p>Back soon.</p>"
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert fresh_get(app, "/admin/host/status").json()["state"] == "Offline"
        (app.root / "app_offline.htm").unlink()
        eventually(lambda: fresh_get(app, "/api/version").status_code == 200)


def test_an_app_may_start_offline(tmp_path: Path) -> None:
    for name in ("function_app.py", "host.json"):
        (tmp_path / name).write_text((FAULTS / name).read_text())
    (tmp_path / "app_offline.htm").write_text("closed")
    with FuncApp(tmp_path, ready="The app is offline") as app:
        assert fresh_get(app, "/api/version").text == "closed"
        (tmp_path / "app_offline.htm").unlink()
        eventually(lambda: fresh_get(app, "/api/version").status_code == 200)


def test_no_request_fails_while_the_app_is_reloaded_again_and_again(tmp_path: Path) -> None:
    with FuncApp(FAULTS, copy_to=tmp_path) as app:
        failures: list[str] = []
        done = threading.Event()
        asked = [0] * 6

        def load(number: int) -> None:
            with httpx.Client(base_url=app.url, timeout=30) as client:
                while not done.is_set():
                    try:
                        answer = client.get("/api/version")
                        if answer.status_code != 200:
                            failures.append(f"{answer.status_code} {answer.text}")
                    except httpx.HTTPError as error:
                        failures.append(repr(error))
                    asked[number] += 1

        threads = [threading.Thread(target=load, args=(number,)) for number in range(len(asked))]
        for thread in threads:
            thread.start()
        for number in range(2, 14):
            edit(app, f"VERSION = {number - 1}", f"VERSION = {number}")
            app.wait_for("App reloaded", number - 1)
        done.set()
        for thread in threads:
            thread.join()
        assert failures == []
        assert min(asked) > 12


def test_other_packages_need_another_template(tmp_path: Path) -> None:
    with FuncApp(FAULTS, copy_to=tmp_path) as app:
        old = app.template_pid
        (app.root / "requirements.txt").write_text("azure-functions\n")
        app.wait_for("App reloaded")
        assert fresh_get(app, "/api/version").text == "1"
        eventually(lambda: old not in children(app.process.pid))
        assert fresh_get(app, "/api/version").text == "1"
        assert len(app.worker_pids) == 1


def test_the_state_can_be_set(tmp_path: Path) -> None:
    with FuncApp(FAULTS, copy_to=tmp_path) as app:

        def put(body: str) -> int:
            return httpx.put(f"{app.url}/admin/host/state", content=body).status_code

        assert put('"sideways"') == 400
        assert put('"running"') == 200
        assert put('"offline"') == 202
        eventually(lambda: fresh_get(app, "/api/version").status_code == 503)
        assert put('"running"') == 202
        eventually(lambda: fresh_get(app, "/api/version").status_code == 200)


def test_functions_in_folders_come_change_break_and_go(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text('{"version": "2.0"}')
    write_function(tmp_path, "one", "return 'first'")
    with FuncApp(tmp_path) as app:
        assert fresh_get(app, "/api/one").text == "first"
        write_function(tmp_path, "two", "return 'second'")
        eventually(lambda: fresh_get(app, "/api/two").text == "second")
        write_function(tmp_path, "one", "return 'changed'")
        eventually(lambda: fresh_get(app, "/api/one").text == "changed")
        write_function(tmp_path, "one", "return (")
        app.wait_for("The 'one' function is in error:")
        app.wait_for("The app goes on as it was before this change.")
        assert f"{tmp_path}/one/__init__.py:2" in app.output()
        assert fresh_get(app, "/api/one").text == "changed"
        shutil.rmtree(tmp_path / "one")
        eventually(lambda: fresh_get(app, "/api/one").status_code == 404)
        assert fresh_get(app, "/api/two").text == "second"


def write_function(root: Path, name: str, body: str) -> None:
    folder = root / name
    folder.mkdir(exist_ok=True)
    (folder / "__init__.py").write_text(f"def main(req) -> str:\n    {body}\n")
    bindings = [
        {"type": "httpTrigger", "name": "req", "direction": "in", "authLevel": "anonymous"},
        {"type": "http", "name": "$return", "direction": "out"},
    ]
    (folder / "function.json").write_text(
        json.dumps({"scriptFile": "__init__.py", "bindings": bindings})
    )


def test_reloads_and_being_offline_over_https(tmp_path: Path) -> None:
    with FuncApp(FAULTS, copy_to=tmp_path, args=["--useHttps"]) as app:
        trusted = ssl.create_default_context(cafile=str(app.root / ".lazulite/https/localhost.pem"))
        base = f"https://127.0.0.1:{app.port}"
        with httpx.Client(base_url=base, verify=trusted, timeout=PATIENCE) as client:
            assert client.get("/api/version").text == "1"
            for number in range(2, 5):  # on a connection that the last code has accepted
                edit(app, f"VERSION = {number - 1}", f"VERSION = {number}")
                app.wait_for("App reloaded", number - 1)
                assert client.get("/api/version").text == str(number)
            (app.root / "app_offline.htm").write_text("<html>away</html>")

            def offline() -> bool:
                answer = httpx.get(f"{base}/api/version", verify=trusted, timeout=PATIENCE)
                return (answer.status_code, answer.text) == (503, "<html>away</html>")

            eventually(offline)
