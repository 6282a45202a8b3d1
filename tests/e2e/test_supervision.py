"""Workers and the template die; the port does not."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.e2e.harness import APPS, PATIENCE, FuncApp, children

FAULTS = APPS / "faults"


def eventually(check: Callable[[], bool]) -> None:
    """Wait until `check` holds; fails when it never does."""
    end = time.monotonic() + PATIENCE
    while not check():
        assert time.monotonic() < end
        time.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not _zombie(pid)


def _zombie(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False


def fresh_get(app: FuncApp, path: str) -> httpx.Response:
    """On a connection of its own."""
    return httpx.get(app.url + path, timeout=PATIENCE)


def test_a_killed_worker_is_replaced_and_the_reason_told() -> None:
    with FuncApp(FAULTS) as app:
        (old,) = app.worker_pids
        os.kill(old, signal.SIGKILL)
        new = int(fresh_get(app, "/api/pid").text)
        assert new != old
        assert new in app.worker_pids
        app.wait_for(f"The worker process {old} was killed (SIGKILL)")


def test_a_worker_that_ends_itself_is_replaced() -> None:
    with FuncApp(FAULTS) as app:
        with pytest.raises(httpx.HTTPError):
            fresh_get(app, "/api/crash?code=3")
        app.wait_for("ended with exit code 3")
        with pytest.raises(httpx.HTTPError):
            fresh_get(app, "/api/segfault")
        app.wait_for("was ended by SIGSEGV")
        assert fresh_get(app, "/api/version").text == "1"


def test_the_template_may_die() -> None:
    with FuncApp(FAULTS) as app:
        template, workers = app.template_pid, app.worker_pids
        os.kill(template, signal.SIGKILL)
        app.wait_for("it is started again")
        assert int(fresh_get(app, "/api/pid").text) in workers  # the workers did not notice
        eventually(lambda: bool(children(app.process.pid)) and app.template_pid != template)
        os.kill(workers[0], signal.SIGKILL)
        assert int(fresh_get(app, "/api/pid").text) not in workers


@pytest.mark.parametrize("busy", [False, True])
def test_nothing_outlives_the_host(busy: bool) -> None:
    with FuncApp(FAULTS, env={"FUNCTIONS_WORKER_PROCESS_COUNT": "2"}) as app:
        app.wait_for("Worker process started and initialized.", 2)
        everyone = [app.template_pid, *app.worker_pids]
        assert len(everyone) == 3
        if busy:
            with pytest.raises(httpx.ReadTimeout):
                httpx.get(f"{app.url}/api/block?seconds=60", timeout=0.5)
        app.kill()
        eventually(lambda: not any(alive(pid) for pid in everyone))


def test_nothing_outlives_host_and_template() -> None:
    with FuncApp(FAULTS) as app:
        template, workers = app.template_pid, app.worker_pids
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(f"{app.url}/api/block?seconds=60", timeout=0.5)
        os.kill(app.process.pid, signal.SIGSTOP)
        os.kill(template, signal.SIGKILL)
        app.process.kill()
        app.process.wait()
        eventually(lambda: not any(alive(pid) for pid in workers))


def test_a_crash_loop_at_import_leaves_the_port_answered(tmp_path: Path) -> None:
    with FuncApp(FAULTS, copy_to=tmp_path) as app:
        source = app.root / "function_app.py"
        good = source.read_text()
        (worker,) = app.worker_pids
        source.write_text("import os\nos._exit(7)\n" + good)
        app.wait_for("The app goes on as it was before this change.")
        assert "ended with exit code 7 while it loaded the app" in app.output()
        assert fresh_get(app, "/api/pid").text == str(worker)
        os.kill(worker, signal.SIGKILL)
        eventually(lambda: fresh_get(app, "/api/pid").status_code == 503)
        answer = fresh_get(app, "/api/version")
        assert answer.text == "Function host is not running."
        status = fresh_get(app, "/admin/host/status").json()
        assert status["state"] == "Error"
        assert "ended with exit code 7 while it loaded the app" in status["errors"][0]
        assert fresh_get(app, "/admin/host/ping").status_code == 200
        assert fresh_get(app, "/admin/host/ready").status_code == 503
        source.write_text(good)
        eventually(lambda: fresh_get(app, "/api/version").status_code == 200)
        eventually(lambda: fresh_get(app, "/admin/host/ready").status_code == 200)


def test_an_app_that_crashes_from_the_start_can_be_mended(tmp_path: Path) -> None:
    (tmp_path / "function_app.py").write_text("import os\nos._exit(9)\n")
    (tmp_path / "host.json").write_text('{"version": "2.0"}')
    with FuncApp(tmp_path, ready="ended with exit code 9") as app:
        eventually(lambda: fresh_get(app, "/api/version").status_code == 503)
        (tmp_path / "function_app.py").write_text((FAULTS / "function_app.py").read_text())
        eventually(lambda: fresh_get(app, "/api/version").status_code == 200)


def test_connections_are_spread_over_the_workers() -> None:
    with FuncApp(FAULTS, env={"FUNCTIONS_WORKER_PROCESS_COUNT": "3"}) as app:
        app.wait_for("Worker process started and initialized.", 3)
        clients = [httpx.Client(base_url=app.url, timeout=PATIENCE) for _ in range(90)]
        try:
            pids = [client.get("/api/pid").text for client in clients]
        finally:
            for client in clients:
                client.close()
        shares = sorted(pids.count(str(pid)) for pid in app.worker_pids)
        assert sum(shares) == 90
        assert shares[0] >= 15


def test_broken_code_is_not_served_while_good_code_lives(tmp_path: Path) -> None:
    env = {"FUNCTIONS_WORKER_PROCESS_COUNT": "2"}
    with FuncApp(FAULTS, copy_to=tmp_path, env=env) as app:
        app.wait_for("Worker process started and initialized.", 2)
        source = app.root / "function_app.py"
        good = source.read_text()
        source.write_text(good.replace("VERSION = 1", "VERSION = = 2"))
        app.wait_for("The app goes on as it was before this change.")
        killed, left = app.worker_pids
        os.kill(killed, signal.SIGKILL)
        app.wait_for("A worker cannot be started: Worker failed to index functions")
        assert {fresh_get(app, "/api/pid").text for _ in range(20)} == {str(left)}
        source.write_text(good.replace("VERSION = 1", "VERSION = 2"))
        app.wait_for("App reloaded")
        eventually(lambda: len(app.worker_pids) == 2)
        assert {fresh_get(app, "/api/version").text for _ in range(20)} == {"2"}


@contextmanager
def short_of_memory(pid: int, megabytes: int) -> Iterator[None]:
    """Let the system kill a process that takes more than so much; skips where we may not."""
    first = Path("/sys/fs/cgroup/memory")
    root, limit = (
        (first, "memory.limit_in_bytes")
        if first.is_dir()
        else (Path("/sys/fs/cgroup"), "memory.max")
    )
    group = root / f"lazulite-test-{pid}"
    try:
        group.mkdir()
        (group / limit).write_text(str(megabytes << 20))
        (group / "cgroup.procs").write_text(str(pid))
    except OSError as error:
        with suppress(OSError):
            group.rmdir()
        pytest.skip(f"no control group with a limit of memory can be made: {error}")
    try:
        yield
    finally:
        with suppress(OSError):
            group.rmdir()


def test_a_worker_that_runs_out_of_memory_is_replaced_and_the_reason_told() -> None:
    with FuncApp(FAULTS) as app:
        (old,) = app.worker_pids
        with short_of_memory(old, 100):
            with pytest.raises(httpx.HTTPError):
                fresh_get(app, "/api/hoard?megabytes=400")
            app.wait_for(f"The worker process {old} was killed by the system, which ran out of")
            assert fresh_get(app, "/api/pid").text != str(old)
