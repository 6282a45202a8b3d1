"""More work than the app can do, or wants to."""

from __future__ import annotations

import socket
import threading

from tests.e2e.harness import APPS, PATIENCE, FuncApp
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


def raw(app: FuncApp, request: bytes) -> bytes:
    """The first bytes of the answer, empty when the connection just ends."""
    with socket.create_connection(("127.0.0.1", app.port), timeout=PATIENCE) as client:
        client.sendall(request)
        return client.recv(100)


def with_headers(count: int, size: int) -> bytes:
    headers = b"".join(b"x-%d: %s\r\n" % (number, b"v" * size) for number in range(count))
    return b"GET /api/version HTTP/1.1\r\nhost: x\r\n" + headers + b"\r\n"


def test_headers_that_are_too_large_or_too_many_are_turned_away() -> None:
    with FuncApp(FAULTS) as app:
        assert raw(app, with_headers(90, 400)).startswith(b"HTTP/1.1 200")
        assert raw(app, with_headers(90, 1000)).startswith(b"HTTP/1.1 431")
        assert raw(app, with_headers(120, 10)).startswith(b"HTTP/1.1 431")
        assert raw(app, b"GET /api/version?" + b"q" * 50_000).startswith(b"HTTP/1.1 4")


def test_the_limits_of_headers_are_settings() -> None:
    env = {
        "LAZULITE_REQUEST_HEADER_SIZE_LIMIT": "200K",
        "LAZULITE_REQUEST_HEADER_TIMEOUT": "0.2",
    }
    with FuncApp(FAULTS, env=env) as app:
        assert raw(app, with_headers(90, 2000)).startswith(b"HTTP/1.1 200")
        assert not raw(app, b"GET /api/version HTTP/1.1\r\nhost").startswith(b"HTTP/1.1 200")
