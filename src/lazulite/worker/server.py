"""The HTTP server inside a worker: Granian's RSGI worker on inherited listeners.

Its scheduler hands requests to `schedule` on the server's own thread; how they get to Python code
is ours (see http.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import granian._granian as _server

# its stub file is behind its binary: the arguments are those of granian's own supervisor
_granian: Any = _server


class _Settings:
    """What the server reads of its HTTP/1 and HTTP/2 settings objects."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


class Server:
    """One RSGI worker per listener. `stop` lets open requests finish."""

    def __init__(self, listeners: Sequence[int], options: Mapping[str, Any]) -> None:
        self._listeners = listeners
        self._options = options
        self._signals: list[Any] = []

    def start(
        self, loop: asyncio.AbstractEventLoop, schedule: Callable[[Any], None], worker_id: int
    ) -> None:
        """Serve from now on."""

        class Scheduler(_granian.CallbackScheduler):  # type: ignore[misc]
            def __init__(self, *_: Any) -> None:
                self._schedule_fn = schedule

        for number, listener in enumerate(self._listeners):
            signal = _granian.WorkerSignal()
            server = _granian.RSGIWorker(
                worker_id * 8 + number,
                (None, _granian.SocketHolder(listener, False, 1024)),
                None,
                1,  # runtime threads
                512,  # runtime blocking threads
                1,
                30,
                self._options.get("backpressure", 65536),
                "auto",
                _Settings(
                    header_read_timeout=self._options["header_timeout_ms"],
                    keep_alive=True,
                    max_buffer_size=self._options["header_size"],
                    pipeline_flush=False,
                ),
                None,
                True,
                None,
                *self._tls(),
                (None, None),
            )
            scheduler = Scheduler(loop, lambda watcher: None, None, None, None)
            server.serve_str(scheduler, loop, signal)
            self._signals.append(signal)

    @property
    def secure(self) -> bool:
        """Whether it speaks TLS."""
        return bool(self._options.get("tls"))

    def _tls(self) -> tuple[Any, ...]:
        tls = self._options.get("tls")
        if not tls:
            return (False, None, None, None, "tls1.2", None, [], False)
        return (True, tls["cert"], tls["key"], tls.get("password"), "tls1.2", None, [], False)

    def stop(self) -> None:
        """Take no more connections; requests that are open finish."""
        for signal in self._signals:
            signal.set()
        self._signals.clear()
