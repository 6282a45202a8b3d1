"""The template process: has the app's interpreter, `azure.functions` and the HTTP server loaded,
and nothing of the user's. Workers are forks of it, so that one is ready in milliseconds.

It also is their parent: it reaps them and tells the host how each ended.
"""

from __future__ import annotations

import gc
import os
import resource
import select
import signal
import socket
import sys
import traceback
from contextlib import suppress

from lazulite.wire import forkserver

MAX_DESCRIPTORS = 65536


def serve(control_fd: int) -> None:
    """Answer the host's `fork` and `spawn` requests until it goes away."""
    control = socket.socket(fileno=control_fd)
    for number in (signal.SIGINT, signal.SIGTERM):  # the host decides what they mean
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM))
    allow_descriptors()
    children: set[int] = set()
    try:
        warm_up()
    except ImportError as error:
        print(f"The worker cannot be loaded into {sys.executable}: {error}", file=sys.stderr)
        return
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    os.set_blocking(wake_read, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    try:
        forkserver.send(control, {"ready": os.getpid(), "python": list(sys.version_info[:3])})
    except OSError:
        return  # the host is gone already
    while True:
        readable, _, _ = select.select([control.fileno(), wake_read], [], [])
        if wake_read in readable:
            with suppress(BlockingIOError):
                os.read(wake_read, 4096)
            reap(control, children)
        if control.fileno() in readable:
            try:
                request = forkserver.receive(control)
            except ConnectionError:
                request = None
            if request is None:
                kill(children)
                return
            message, fds = request
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                control.close()
                os.close(wake_read)
                os.close(wake_write)
                become_worker(fds)
            children.add(pid)
            for fd in fds:
                os.close(fd)
            try:
                forkserver.send(control, {"forked": message["fork"], "pid": pid})
            except OSError:
                kill(children)
                return


def warm_up() -> None:
    """Import what every worker needs; a missing `azure.functions` is the loader's to report."""
    import granian._granian  # noqa: F401

    import lazulite.worker.main

    with suppress(ImportError):
        import azure.functions  # noqa: F401

        import lazulite.worker.app
        import lazulite.worker.expiry
        import lazulite.worker.invoker
        import lazulite.worker.retreat
        import lazulite.worker.server
        import lazulite.worker.serving
        import lazulite.worker.watchdog  # noqa: F401

    gc.freeze()  # forks share these pages for good
    gc.enable()


def allow_descriptors() -> None:
    """Let workers have as many connections as the system allows; the usual 1,024 are few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MAX_DESCRIPTORS)
    if soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def kill(children: set[int]) -> None:
    """End the workers: without a host they have no purpose, and one that runs code which never
    lets go of the interpreter's lock cannot end itself."""
    for pid in children:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def reap(control: socket.socket, children: set[int]) -> None:
    """Report every child that ended: a negative code is the signal that killed it."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        children.discard(pid)
        with suppress(OSError):
            forkserver.send(control, {"exited": pid, "code": os.waitstatus_to_exitcode(status)})


def become_worker(fds: list[int]) -> None:
    """Run a worker in this process; never returns."""
    code = 1
    try:
        from lazulite.worker.main import run

        code = run(fds)
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
