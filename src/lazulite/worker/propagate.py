"""Log records of threads and executors that user code starts belong to its invocation.

asyncio tasks and `asyncio.to_thread` carry context variables by themselves; `threading.Thread` and
the executors (threads before 3.14) do not. Nothing but the running call is passed on.
"""

from __future__ import annotations

import importlib.util
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import ModuleType
from typing import Any

from lazulite.worker.call import Call, current, running_call

_PROCESSES = "concurrent.futures.process"


def install() -> None:
    """Wrap `Thread.start` and the executors' `submit`. A second call changes nothing."""
    if not install_for_threads():
        return
    if _PROCESSES in sys.modules:
        _wrap_process_executor(sys.modules[_PROCESSES])
    else:
        sys.meta_path.insert(0, _OnImport(_PROCESSES, _wrap_process_executor))


def install_for_threads() -> bool:
    """`install` without process executors; False when it was done already."""
    if hasattr(threading.Thread.start, "_lazulite"):
        return False
    _wrap_threads()
    _wrap_thread_executor()
    return True


def _wrap_threads() -> None:
    start = threading.Thread.start

    def start_with_call(self: threading.Thread) -> None:
        call = running_call()
        if call is not None:
            self._lazulite_call = call  # type: ignore[attr-defined]
        start(self)

    start_with_call._lazulite = True  # type: ignore[attr-defined]
    threading.Thread.start = start_with_call  # type: ignore[method-assign]


def _wrap_thread_executor() -> None:
    submit = ThreadPoolExecutor.submit

    def submit_with_call(
        self: ThreadPoolExecutor, fn: Any, /, *args: Any, **kwargs: Any
    ) -> Future[Any]:
        return submit(self, _in_call, running_call(), fn, args, kwargs)

    ThreadPoolExecutor.submit = submit_with_call  # type: ignore[method-assign, assignment]


def _in_call(call: Call | None, fn: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    # the thread may have been started by an invocation that ended long ago
    threading.current_thread()._lazulite_call = call  # type: ignore[attr-defined]
    token = current.set(call)
    try:
        return fn(*args, **kwargs)
    finally:
        current.reset(token)


def _wrap_process_executor(module: ModuleType) -> None:
    executor = module.ProcessPoolExecutor
    submit = executor.submit

    def submit_with_call(self: Any, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        call = running_call()
        # only a forked child has this module to unpickle the wrapper with
        if call is None or self._mp_context.get_start_method() != "fork":
            return submit(self, fn, *args, **kwargs)
        return submit(self, _in_process, call.function, call.id, fn, args, kwargs)

    executor.submit = submit_with_call


def _in_process(function: str, id: str, fn: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    return _in_call(Call(function, id), fn, args, kwargs)


class _OnImport:
    """A finder that calls `then` with a module after its import: few apps need this one."""

    def __init__(self, name: str, then: Callable[[ModuleType], None]) -> None:
        self._name = name
        self._then = then

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """The module's real spec, whose loader calls `then` when it is done."""
        if name != self._name:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        execute, then = spec.loader.exec_module, self._then

        def exec_module(module: ModuleType) -> None:
            execute(module)
            then(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec
