from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lazulite.testing import open_app
from tests.e2e.test_supervision import alive, eventually
from tests.testing.test_isolation import make_app
from tests.testing.test_plugin import SOURCES

PARENT = (
    "import logging, os\n"
    "@app.timer_trigger('timer', '0 0 0 1 1 *')\n"
    "def parent(timer: func.TimerRequest) -> None:\n"
    "    logging.info(os.getppid())\n"
)
HANGS = (
    "import asyncio, os\n"
    "@app.queue_trigger('msg', 'hangs', '')\n"
    "async def hangs(msg: func.QueueMessage) -> None:\n"
    "    os.kill(int(msg.get_body()), 2)\n"
    "    await asyncio.Event().wait()\n"
)


def run(app: Path, code: str, process: bool) -> subprocess.Popen[str]:
    """A test of its own process: `client` is the app."""
    head = (
        "import os, sys\nfrom lazulite.testing import open_app\n"
        f"client = open_app({str(app)!r}, process={process})\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", head + code],
        env={**os.environ, "PYTHONPATH": str(SOURCES), "LAZULITE_SHUTDOWN_GRACE": "0"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_func_start_ends_with_the_test_however_that_ends(tmp_path: Path) -> None:
    code = "print(client.run('parent').messages[0], flush=True)\ninput()\n"
    test = run(make_app(tmp_path / "app", PARENT), code, process=True)
    assert test.stdout is not None
    template = int(test.stdout.readline())

    assert alive(template)
    test.send_signal(signal.SIGKILL)
    test.communicate()
    eventually(lambda: not alive(template))


@pytest.mark.parametrize("process", [False, True])
def test_ctrl_c_ends_what_runs(tmp_path: Path, process: bool) -> None:
    code = (
        "try:\n"
        "    client.queue('hangs').send(str(os.getpid()))\n"
        "except KeyboardInterrupt:\n"
        "    client.close()\n"
        "    print('closed')\n"
    )
    test = run(make_app(tmp_path / "app", HANGS), code, process)

    assert test.communicate(timeout=60) == ("closed\n", "")
    assert test.returncode == 0


OUTPUTS = (
    "from typing import List\n"
    "def out(name: str):\n"
    "    return app.queue_output(name, f'out-{name}', '')\n"
    "@app.timer_trigger('timer', '0 0 0 1 1 *')\n"
    "@out('text')\n"
    "@out('data')\n"
    "@out('several')\n"
    "@out('message')\n"
    "@out('left')\n"
    "def write(timer: func.TimerRequest, text: func.Out[str], data: func.Out[bytes],\n"
    "          several: func.Out[List[str]], message: func.Out[func.QueueMessage],\n"
    "          left: func.Out[str]) -> None:\n"
    "    text.set('a')\n"
    "    data.set(b'b')\n"
    "    several.set(['c', 'd'])\n"
    "    message.set(func.QueueMessage(body=b'e'))\n"
)


@pytest.mark.parametrize("process", [False, True])
def test_outputs_of_a_run_by_hand(tmp_path: Path, process: bool) -> None:
    with open_app(make_app(tmp_path / "app", OUTPUTS), process=process) as client:
        record = client.run("write")

        told = {name: client.queue(f"out-{name}").messages() for name in record.outputs}

    assert told == {"text": ["a"], "data": ["b"], "several": ["c", "d"], "message": ["e"]}
    message = {"id": None, "body": "e"}
    assert record.outputs == {"text": "a", "data": b"b", "several": ["c", "d"], "message": message}
