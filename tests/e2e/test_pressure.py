"""More work than the app can do, or wants to."""

from __future__ import annotations

import threading

from tests.e2e.harness import APPS, FuncApp
from tests.e2e.test_supervision import eventually, fresh_get

FAULTS = APPS / "faults"
HTTP = "AzureFunctionsJobHost__extensions__http__"


def together(app: FuncApp, paths: list[str]) -> list[int]:
    """The statuses of requests made at the same time."""
    statuses: list[int] = []

    def ask(path: str) -> None:
        statuses.append(fresh_get(app, path).status_code)

    threads = [threading.Thread(target=ask, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(statuses)


def test_requests_over_the_limit_are_turned_away() -> None:
    with FuncApp(FAULTS, env={f"{HTTP}maxOutstandingRequests": "2"}) as app:
        assert together(app, ["/api/sleep?seconds=1"] * 5) == [200, 200, 429, 429, 429]
        answer = fresh_get(app, "/api/version")
        assert answer.status_code == 200


def test_those_that_wait_for_their_turn_are_outstanding_too() -> None:
    env = {f"{HTTP}maxConcurrentRequests": "1", f"{HTTP}maxOutstandingRequests": "2"}
    with FuncApp(FAULTS, env=env) as app:
        assert together(app, ["/api/sleep?seconds=0.5"] * 4) == [200, 200, 429, 429]


def test_an_app_that_cannot_keep_up_says_so_by_itself() -> None:
    env = {f"{HTTP}dynamicThrottlesEnabled": "true", "PYTHON_THREADPOOL_THREAD_COUNT": "1"}
    with FuncApp(FAULTS, env=env) as app:
        statuses = together(app, ["/api/hold?seconds=0.2"] * 12)
        assert set(statuses) == {200, 429}
        assert fresh_get(app, "/api/version").status_code == 200


def test_workers_are_added_under_load() -> None:
    env = {"LAZULITE_WORKERS_MAX": "2", "PYTHON_THREADPOOL_THREAD_COUNT": "1"}
    with FuncApp(FAULTS, env=env) as app:
        assert len(app.worker_pids) == 1
        stop = threading.Event()

        def load() -> None:
            while not stop.is_set():
                fresh_get(app, "/api/hold?seconds=0.3")

        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()
        eventually(lambda: len(app.worker_pids) == 2)
        stop.set()
        for thread in threads:
            thread.join()
