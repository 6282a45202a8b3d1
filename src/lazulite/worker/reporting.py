"""All that a worker tells of the user's code, put together: records, prints, invocations."""

from __future__ import annotations

import faulthandler
import os
import sys
from dataclasses import dataclass

from lazulite.worker import logs, propagate, subinterpreters
from lazulite.worker.channel import LogChannel
from lazulite.worker.printing import PrintStream
from lazulite.worker.recorder import Recorder


@dataclass(frozen=True)
class Reporting:
    """The channel to the host and the process's two text streams."""

    channel: LogChannel
    stdout: PrintStream
    stderr: PrintStream

    def attach_logging(self, wanted: int) -> None:
        """Send the root logger's records of at least level `wanted`, also those of threads,
        processes and subinterpreters that user code starts."""
        logs.install(self.channel, wanted, os.environ.get("PYTHON_ENABLE_DEBUG_LOGGING"))
        propagate.install()
        subinterpreters.install(self.channel, wanted)

    def recorder(self) -> Recorder:
        """What tells of invocations."""
        return Recorder(self.channel, (self.stdout, self.stderr))


def start_reporting(log: int, out: int, err: int) -> Reporting:
    """Take over stdout and stderr of this process. log: socket; out, err: pipes, closed here."""
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.close(out)
    os.close(err)
    os.set_blocking(log, True)
    channel = LogChannel(log)
    stdout = PrintStream(1, "stdout", channel)
    stderr = PrintStream(2, "stderr", channel)
    sys.stdout = sys.__stdout__ = stdout  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = stderr  # type: ignore[misc]
    faulthandler.enable(2)
    return Reporting(channel, stdout, stderr)
