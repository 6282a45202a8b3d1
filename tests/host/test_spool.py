"""The spool: whose files it deletes, and when."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from lazulite.host.spool import Spool
from lazulite.model import Data

HOLD = """
import sys, time
from lazulite.host.spool import Spool
print(Spool(sys.argv[1]).path, flush=True)
time.sleep(60)
"""


def file_in(spool: Spool, name: str) -> Path:
    path = Path(spool.path, name)
    path.write_bytes(b"x")
    return path


def test_values_are_discarded_but_not_files_of_others(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path))
    mine = file_in(spool, "out-1")
    other = tmp_path / "other"
    other.write_bytes(b"x")
    values = [Data("file", str(mine)), Data("file", str(other)), Data("string", str(other))]
    spool.discard(values)
    spool.discard(values)
    assert not mine.exists()
    assert other.exists()
    spool.close()
    assert sorted(os.listdir(tmp_path / ".lazulite")) == [".gitignore"]


def test_what_a_dead_worker_began_is_deleted(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    names = (f"part-{ended.pid}-a", f"out-{ended.pid}", f"part-{os.getpid()}-a", "part-odd")
    files = [file_in(spool, name) for name in names]
    spool.sweep()
    assert [file.exists() for file in files] == [False, True, True, True]
    spool.close()


def test_the_next_host_deletes_what_a_killed_one_left_and_nothing_else(tmp_path: Path) -> None:
    living = Spool(str(tmp_path))
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        left = Path(process.stdout.readline().strip())
        (left / "out-1").write_bytes(b"x")
        process.send_signal(signal.SIGKILL)
    assert left.exists()
    new = Spool(str(tmp_path))
    assert not left.exists()
    assert Path(living.path).exists()
    assert len(list((tmp_path / ".lazulite").glob("*.lock"))) == 2
    new.close()
    living.close()


def test_an_app_in_a_folder_that_cannot_be_written_gets_one_elsewhere(tmp_path: Path) -> None:
    (tmp_path / ".lazulite").write_text("no folder")
    spool = Spool(str(tmp_path))
    assert Path(spool.path).is_dir()
    spool.close()
    assert not Path(spool.path).exists()
