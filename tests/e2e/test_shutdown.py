"""How it ends: drained, exit code 0, nothing left behind."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import httpx
import pytest

from tests.e2e.harness import APPS, FuncApp
from tests.e2e.test_supervision import alive, eventually, fresh_get

FAULTS = APPS / "faults"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_what_runs_ends_before_the_host_does(how: signal.Signals) -> None:
    with FuncApp(FAULTS, env={"FUNCTIONS_WORKER_PROCESS_COUNT": "2"}) as app:
        app.wait_for("Worker process started and initialized.", 2)
        everyone = [app.template_pid, *app.worker_pids]
        answers: list[str] = []

        def ask(path: str) -> None:
            answers.append(fresh_get(app, path).text)

        threads = [
            threading.Thread(target=ask, args=(f"/api/{name}?seconds=1",))
            for name in ("sleep", "hold")
        ]
        for thread in threads:
            thread.start()
        app.wait_for("Executing 'Functions.sleep'")
        app.wait_for("Executing 'Functions.hold'")
        assert app.stop(how) == 0
        for thread in threads:
            thread.join()
        assert sorted(answers) == ["held 1", "slept 1"]
        assert not any(alive(pid) for pid in everyone)
        assert "Traceback" not in app.output()
        with pytest.raises(httpx.ConnectError):
            fresh_get(app, "/api/version")


def test_what_runs_too_long_is_cut_off_after_the_grace_period() -> None:
    with FuncApp(FAULTS, env={"LAZULITE_SHUTDOWN_GRACE": "0.5"}) as app:
        thread = threading.Thread(target=_ignore, args=(app, "/api/sleep?seconds=60"))
        thread.start()
        app.wait_for("Executing 'Functions.sleep'")
        assert app.stop(signal.SIGTERM) == 0
        thread.join()


def test_the_second_signal_ends_at_once() -> None:
    with FuncApp(FAULTS) as app:
        everyone = [app.template_pid, *app.worker_pids]
        thread = threading.Thread(target=_ignore, args=(app, "/api/hold?seconds=60"))
        thread.start()
        app.wait_for("Executing 'Functions.hold'")
        app.process.send_signal(signal.SIGINT)
        eventually(lambda: _refused(app))
        assert app.stop(signal.SIGINT) == 130
        eventually(lambda: not any(alive(pid) for pid in everyone))
        thread.join()


def test_a_signal_while_it_starts(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text('{"version": "2.0"}')
    (tmp_path / "function_app.py").write_text("import time\nprint('busy')\ntime.sleep(60)\n")
    with FuncApp(tmp_path, ready="busy") as app:
        everyone = [app.template_pid, *app.worker_pids]
        assert app.stop(signal.SIGTERM) == 0
        eventually(lambda: not any(alive(pid) for pid in everyone))


def test_a_signal_to_the_whole_group_drains_too() -> None:
    with FuncApp(FAULTS) as app:
        import os

        answers: list[str] = []
        thread = threading.Thread(
            target=lambda: answers.append(fresh_get(app, "/api/sleep?seconds=1").text)
        )
        thread.start()
        app.wait_for("Executing 'Functions.sleep'")
        os.killpg(app.process.pid, signal.SIGTERM)
        assert app.wait() == 0
        thread.join()
        assert answers == ["slept 1"]


def test_a_worker_that_is_told_to_end_is_replaced_first() -> None:
    import os

    with FuncApp(FAULTS) as app:
        (old,) = app.worker_pids
        os.kill(old, signal.SIGTERM)
        eventually(lambda: fresh_get(app, "/api/pid").text != str(old))
        eventually(lambda: old not in app.worker_pids)


def test_drain_and_resume_for_orchestrators() -> None:
    with FuncApp(FAULTS) as app:
        eventually(lambda: app.client.get("/admin/host/ready").status_code == 200)
        assert app.client.post("/admin/host/drain").status_code == 202
        eventually(
            lambda: app.client.get("/admin/host/drain/status").json()["state"] == "Completed"
        )
        assert app.client.get("/admin/host/ready").status_code == 503
        assert app.client.get("/admin/host/ping").status_code == 200
        assert app.client.get("/api/version").text == "1"
        assert app.client.post("/admin/host/resume").status_code == 200
        assert app.client.get("/admin/host/ready").status_code == 200


def test_workers_are_recycled() -> None:
    with FuncApp(FAULTS, env={"LAZULITE_WORKER_MAX_INVOCATIONS": "20"}, args=["--verbose"]) as app:
        (old,) = app.worker_pids
        for _ in range(25):
            assert app.client.get("/api/version").status_code == 200
        app.wait_for("it has run")
        eventually(lambda: app.client.get("/api/pid").text != str(old))
        eventually(lambda: old not in app.worker_pids)


def _refused(app: FuncApp) -> bool:
    """Whether the workers take no connections any more."""
    try:
        httpx.get(f"{app.url}/api/version", timeout=0.3)
    except httpx.HTTPError:
        return True
    return False


def _ignore(app: FuncApp, path: str) -> None:
    try:
        fresh_get(app, path)
    except httpx.HTTPError:
        pass
