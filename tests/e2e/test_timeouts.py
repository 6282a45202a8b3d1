"""Functions that run too long, and those that block the event loop."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import httpx

from tests.e2e.harness import APPS, PATIENCE, FuncApp
from tests.e2e.test_supervision import eventually, fresh_get

FAULTS = APPS / "faults"
ONE_SECOND = {"AzureFunctionsJobHost__functionTimeout": "00:00:01"}


def test_a_coroutine_is_cancelled_and_its_worker_stays() -> None:
    with FuncApp(FAULTS, env=ONE_SECOND) as app:
        pid = fresh_get(app, "/api/pid").text
        answer = fresh_get(app, "/api/sleep?seconds=60")
        assert answer.status_code == 500
        assert "Timeout value of 00:00:01 was exceeded by function: Functions.sleep" in answer.text
        text = app.wait_for("Executed 'Functions.sleep' (Failed")
        assert "Timeout value of 00:00:01 exceeded by function 'Functions.sleep' (Id: '" in text
        assert "Initiating cancellation." in text
        assert fresh_get(app, "/api/pid").text == pid


def test_a_stuck_thread_costs_its_worker_only_when_the_others_are_done() -> None:
    with FuncApp(FAULTS, env=ONE_SECOND) as app:
        (old,) = app.worker_pids
        answers: list[httpx.Response] = []
        stuck = threading.Thread(
            target=lambda: answers.append(fresh_get(app, "/api/hold?seconds=60"))
        )
        stuck.start()
        app.wait_for("Executing 'Functions.hold'")
        stuck.join()
        assert answers[0].status_code == 500
        assert "was exceeded by function: Functions.hold" in answers[0].text
        eventually(lambda: fresh_get(app, "/api/pid").text != str(old))
        eventually(lambda: old not in app.worker_pids)
        assert "was killed" not in app.output()


def test_what_blocks_the_loop_is_named_with_its_line(tmp_path: Path) -> None:
    with FuncApp(FAULTS) as app:
        assert fresh_get(app, "/api/block?seconds=2.5").text == "blocked"
        text = app.wait_for("Function 'block' has been blocking the event loop of worker process")
        assert "time.sleep(float(req.params" in text
        assert fresh_get(app, "/api/version").text == "1"


def test_a_blocked_worker_leaves_its_work_to_another_and_ends_what_it_has(tmp_path: Path) -> None:
    env = {"LAZULITE_WORKER_HANG_TIMEOUT": "1"}
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with FuncApp(FAULTS, env=env) as app:
        (old,) = app.worker_pids
        answers: list[str] = []
        blocked = threading.Thread(
            target=lambda: answers.append(fresh_get(app, f"/api/block?until={pipe}").text)
        )
        blocked.start()
        app.wait_for("its event loop has been blocked for 1 s")
        eventually(lambda: fresh_get(app, "/api/pid").text != str(old))
        assert not answers
        pipe.write_text("go on")
        blocked.join()
        assert answers == ["blocked"]
        eventually(lambda: old not in app.worker_pids)


def test_a_worker_that_hangs_longer_than_the_timeout_is_killed() -> None:
    env = {"LAZULITE_WORKER_HANG_TIMEOUT": "1", **ONE_SECOND}
    with FuncApp(FAULTS, env=env) as app:
        (old,) = app.worker_pids
        try:
            httpx.get(f"{app.url}/api/block?seconds=600", timeout=PATIENCE)
        except httpx.HTTPError:
            pass  # the connection ends with the worker
        app.wait_for("did not come to its end; killed")
        eventually(lambda: old not in app.worker_pids)
        assert fresh_get(app, "/api/version").text == "1"


def test_clients_of_a_frozen_worker_are_answered_by_its_successor() -> None:
    env = {"LAZULITE_WORKER_HANG_TIMEOUT": "1", "FUNCTIONS_WORKER_PROCESS_COUNT": "2"}
    with FuncApp(FAULTS, env=env) as app:
        app.wait_for("Worker process started and initialized.", 2)
        frozen = app.worker_pids[0]
        os.kill(frozen, signal.SIGSTOP)
        pids = {fresh_get(app, "/api/pid").text for _ in range(30)}
        assert str(frozen) not in pids
        os.kill(frozen, signal.SIGKILL)
