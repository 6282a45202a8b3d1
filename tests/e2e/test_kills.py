"""Hosts and workers that are killed, and hosts that share a store."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.e2e.harness import APPS, FuncApp
from tests.e2e.stores import bodies, length, put, wait_until_empty

COUNT = 2000
BAD = 5
KILLS = {"worker": 5, "host": 4}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    notes = tmp_path / "notes"
    notes.mkdir()
    return notes


def noted(folder: Path, name: str) -> list[tuple[str, str]]:
    """The lines that the functions noted: what, and the process."""
    path = folder / name
    lines = path.read_text().splitlines() if path.exists() else []
    return [(text, pid) for text, _, pid in (line.rpartition(" ") for line in lines)]


def start(root: Path, env: Mapping[str, str]) -> FuncApp:
    return FuncApp(root, env=env)


def kill_hard(app: FuncApp) -> None:
    """SIGKILL to the host and all that it started."""
    os.killpg(app.process.pid, signal.SIGKILL)
    app.process.wait()


@pytest.mark.parametrize("victim", KILLS)
def test_no_message_is_lost_to_kills(tmp_path: Path, folder: Path, victim: str) -> None:
    root = FuncApp(APPS / "competing", copy_to=tmp_path).root
    # slow enough for the kills to come before the end
    env = {"COMPETING_FOLDER": str(folder), "COMPETING_PAUSE": "0.02"}
    good = [f"good-{n}" for n in range(COUNT)]
    bad = [f"bad-{n}" for n in range(BAD)]
    mixed = good + bad
    random.Random(7).shuffle(mixed)
    put(root, "work", [text.encode() for text in mixed])
    kills = seen = 0
    while kills < KILLS[victim] and length(root, "work") > COUNT // 4:
        with start(root, env) as app:
            while kills < KILLS[victim] and length(root, "work") > COUNT // 4:
                worked = len(noted(folder, "worked"))
                if worked < seen + 40:
                    continue
                seen = worked
                kills += 1
                if victim == "host":
                    kill_hard(app)
                    break
                for pid in app.worker_pids:
                    os.kill(pid, signal.SIGKILL)
    assert kills >= 2
    with start(root, {**env, "COMPETING_PAUSE": "0"}):
        wait_until_empty(root, "work")
    worked_on = Counter(text for text, _ in noted(folder, "worked"))
    assert set(worked_on) == set(mixed)
    # one kill doubles what was being worked on, no more
    assert sum(worked_on[text] for text in good) <= COUNT + kills * 32
    done = Counter(bodies(root, "done"))
    assert {body.decode() for body in done} == set(good)
    buried = Counter(bodies(root, "work-poison"))
    assert {body.decode() for body in buried} == set(bad)
    assert all(worked_on[text] >= 15 for text in bad)


def test_a_message_that_kills_workers_is_buried_alone(tmp_path: Path, folder: Path) -> None:
    root = FuncApp(APPS / "competing", copy_to=tmp_path).root
    env = {
        "COMPETING_FOLDER": str(folder),
        "AzureFunctionsJobHost__extensions__queues__maxDequeueCount": "2",
    }
    good = [f"good-{n}".encode() for n in range(50)]
    put(root, "work", [b"crash", *good])
    with start(root, env):
        wait_until_empty(root, "work")
    assert bodies(root, "work-poison") == [b"crash"]
    assert sorted(bodies(root, "done")) == sorted(good)


def test_a_host_that_stops_gives_back_what_it_has_not_started(tmp_path: Path, folder: Path) -> None:
    root = FuncApp(APPS / "competing", copy_to=tmp_path).root
    texts = [f"good-{n}" for n in range(5 * COUNT)]
    put(root, "work", [text.encode() for text in texts])
    with start(root, {"COMPETING_FOLDER": str(folder)}) as app:
        while len(noted(folder, "worked")) < 50:
            time.sleep(0.005)
        assert app.stop() == 0
    worked = [text for text, _ in noted(folder, "worked")]
    left = [body.decode() for body in bodies(root, "work")]
    assert 50 <= len(worked) < len(texts)
    assert sorted(worked + left) == sorted(texts)
    assert sorted(bodies(root, "done")) == sorted(text.encode() for text in worked)


def test_two_hosts_share_an_embedded_store(tmp_path: Path, folder: Path) -> None:
    root = FuncApp(APPS / "competing", copy_to=tmp_path).root
    env = {"COMPETING_FOLDER": str(folder)}
    good = [f"good-{n}" for n in range(COUNT)]
    share(root, root, env, good)
    worked = noted(folder, "worked")
    assert Counter(text for text, _ in worked) == Counter(good)
    assert len({pid for _, pid in worked}) == 2
    assert Counter(bodies(root, "done")) == Counter(text.encode() for text in good)
    one_ticks(folder)


@pytest.mark.azurite
def test_two_hosts_share_a_storage_account(tmp_path: Path, folder: Path, azurite: str) -> None:
    root = FuncApp(APPS / "competing", copy_to=tmp_path).root
    env = {"COMPETING_FOLDER": str(folder), "AzureWebJobsStorage": azurite}
    good = [f"good-{n}" for n in range(200)]
    share(root, azurite, env, good)
    worked = noted(folder, "worked")
    assert Counter(text for text, _ in worked) == Counter(good)
    assert len({pid for _, pid in worked}) == 2
    assert length(azurite, "done") == len(good)
    one_ticks(folder)
    assert not (root / ".lazulite" / "devstoreaccount1").exists()


def share(root: Path, store: Path | str, env: Mapping[str, str], texts: list[str]) -> None:
    """Run two hosts until they have worked on the texts and some time has passed."""
    with start(root, env), start(root, env):
        put(store, "work", [text.encode() for text in texts])
        wait_until_empty(store, "work")
        while len(noted(Path(env["COMPETING_FOLDER"]), "ticks")) < 3:
            time.sleep(0.05)


def one_ticks(folder: Path) -> None:
    """One host fires the timer, once a second."""
    ticks = noted(folder, "ticks")
    assert max(Counter(tick for tick, _ in ticks).values()) == 1
    assert len({pid for _, pid in ticks}) == 1
