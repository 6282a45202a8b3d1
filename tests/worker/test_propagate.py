"""The running invocation follows what user code starts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from lazulite.worker import propagate
from lazulite.worker.call import Call, current, running_invocation


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Wrapped for the test, as it was after it."""
    monkeypatch.setattr(threading.Thread, "start", threading.Thread.start)
    monkeypatch.setattr(ThreadPoolExecutor, "submit", ThreadPoolExecutor.submit)
    propagate.install()
    yield
    current.set(None)


def test_threads_and_their_threads() -> None:
    seen = []

    def inner() -> None:
        seen.append(running_invocation())

    def outer() -> None:
        thread = threading.Thread(target=inner)
        thread.start()
        thread.join()

    current.set(Call("f", "1"))
    thread = threading.Thread(target=outer)
    thread.start()
    thread.join()
    assert seen == [("f", "1")]


def test_a_pool_serves_many_invocations() -> None:
    with ThreadPoolExecutor(1) as pool:
        current.set(Call("f", "1"))
        assert pool.submit(running_invocation).result() == ("f", "1")
        current.set(Call("g", "2"))
        assert list(pool.map(lambda _: running_invocation(), range(2))) == [("g", "2")] * 2
        current.set(None)
        assert pool.submit(running_invocation).result() == ("", "")


def test_arguments_results_and_errors_pass_through() -> None:
    with ThreadPoolExecutor(1) as pool:
        current.set(Call("f", "1"))
        assert pool.submit(int, "11", base=2).result() == 3
        with pytest.raises(ZeroDivisionError):
            pool.submit(divmod, 1, 0).result()


def test_a_second_installation_changes_nothing() -> None:
    start = threading.Thread.start
    propagate.install()
    assert threading.Thread.start is start
