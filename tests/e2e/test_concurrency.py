"""Limits on how many invocations of one function run at once, over all workers."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from pathlib import Path

import httpx
import pytest

from lazulite.testing import open_app, open_app_async
from tests.e2e.harness import APPS, FuncApp
from tests.e2e.test_pressure import together
from tests.e2e.test_supervision import eventually, fresh_get

LIMITS = APPS / "limits"


def peak(book: Path) -> int:
    """How many were inside at once, at the most."""
    inside = most = 0
    for line in book.read_text().split():
        inside += 1 if line == "in" else -1
        most = max(most, inside)
    return most


@pytest.mark.parametrize(("function", "limit"), [("one", 1), ("two", 2)])
def test_no_more_run_at_once_whichever_worker_has_them(
    tmp_path: Path, function: str, limit: int
) -> None:
    book = tmp_path / "book"
    env = {"BOOK": str(book), "FUNCTIONS_WORKER_PROCESS_COUNT": "2"}
    with FuncApp(LIMITS, env=env) as app:
        app.wait_for("Worker process started and initialized.", 2)
        workers = set()
        for _ in range(20):
            workers.add(fresh_get(app, f"/api/{function}?seconds=0").text)
        assert len(workers) == 2
        assert together(app, [f"/api/{function}?seconds=0.1"] * 8) == [200] * 8
        assert peak(book) == limit


def test_those_that_wait_are_outstanding(tmp_path: Path) -> None:
    env = {
        "BOOK": str(tmp_path / "book"),
        "AzureFunctionsJobHost__extensions__http__maxOutstandingRequests": "2",
    }
    with FuncApp(LIMITS, env=env) as app:
        assert together(app, ["/api/one?seconds=0.5"] * 4) == [200, 200, 429, 429]


def test_a_killed_worker_gives_its_turn_back(tmp_path: Path) -> None:
    book = tmp_path / "book"
    with FuncApp(LIMITS, env={"BOOK": str(book)}) as app:
        (pid,) = app.worker_pids

        def lost() -> None:
            with pytest.raises(Exception, match=r"disconnected|reset"):
                fresh_get(app, "/api/one?seconds=60")

        holder = threading.Thread(target=lost)
        holder.start()
        eventually(lambda: book.exists() and book.read_text() == "in\n")
        os.kill(pid, signal.SIGKILL)
        holder.join()
        assert fresh_get(app, "/api/one?seconds=0").text != str(pid)


def test_a_reload_does_not_let_more_in(tmp_path: Path) -> None:
    book = tmp_path / "book"
    with FuncApp(LIMITS, copy_to=tmp_path, env={"BOOK": str(book)}) as app:
        first = threading.Thread(target=fresh_get, args=(app, "/api/one?seconds=1"))
        first.start()
        eventually(lambda: book.exists() and book.read_text() == "in\n")
        (app.root / "function_app.py").open("a").write("\n# changed\n")
        app.wait_for("App reloaded")
        assert fresh_get(app, "/api/one?seconds=0").status_code == 200
        first.join()
        assert peak(book) == 1


def test_a_limit_for_no_function_is_told() -> None:
    env = {"BOOK": "", "AzureFunctionsJobHost__concurrency__functions__tow": "1"}
    with FuncApp(LIMITS, env=env) as app:
        app.wait_for("'concurrency.functions.tow' is no function of this app.")
        app.wait_for("It has length, one, two, work.")


def test_a_wrong_limit_is_refused_with_its_place() -> None:
    env = {"AzureFunctionsJobHost__concurrency__functions__one": "0"}
    with FuncApp(LIMITS, env=env, ready=None) as app:
        assert app.wait() == 1
        assert "'concurrency.functions' must be an object of whole numbers" in app.output()


def test_messages_wait_for_their_turn(tmp_path: Path) -> None:
    book = tmp_path / "book"
    with open_app(LIMITS, settings={"BOOK": str(book)}) as client:
        client.queue("work").send(*(str(number) for number in range(5)))
        client.settle()
        assert [i.function for i in client.invocations] == ["work"] * 5
        assert client.queue("work").length() == 0
    assert peak(book) == 1


def test_requests_of_a_test_wait_for_their_turn(tmp_path: Path) -> None:
    book = tmp_path / "book"

    async def ask() -> list[int]:
        async with open_app_async(LIMITS, settings={"BOOK": str(book)}) as client:
            asked = (client.get("/api/two?seconds=0.05") for _ in range(6))
            return [answer.status_code for answer in await asyncio.gather(*asked)]

    assert asyncio.run(ask()) == [200] * 6
    assert peak(book) == 2


def test_who_leaves_before_its_turn_takes_none(tmp_path: Path) -> None:
    book = tmp_path / "book"
    with FuncApp(LIMITS, env={"BOOK": str(book)}) as app:
        first = threading.Thread(target=fresh_get, args=(app, "/api/one?seconds=1.5"))
        first.start()
        eventually(lambda: book.exists() and book.read_text() == "in\n")
        for _ in range(5):
            with pytest.raises(httpx.ReadTimeout):
                httpx.get(f"{app.url}/api/one?seconds=60", timeout=0.1)
        first.join()
        assert fresh_get(app, "/api/one?seconds=0").status_code == 200
        assert book.read_text() == "in\nout\n" * 2


def test_bodies_arrive_after_the_wait() -> None:
    with FuncApp(LIMITS, env={"BOOK": ""}) as app:
        for size in (0, 10, 5_000_000):
            answer = app.client.post("/api/length", content=b"x" * size)
            assert answer.text == str(size)
