"""What a debugger attaches to under `func start --debug`: a process in the app's interpreter that
runs nothing and stays. Workers connect to its debug adapter as its children would; so a client that
is attached to it is told of each new worker, and attaches to that by the way that it came.

    python debugserver.py WAIT PLACE SEARCH...

WAIT: 1 to tell when a client has attached; PLACE: the folder that has debugpy, '' where the
interpreter finds it; SEARCH: what ends sys.path. It tells the host on stdout, one JSON object a
line: {"error", "missing"} or {"pid", "port", "adapter", "token"}, then {"attached": true}. It ends
when its stdin does.

It is no fork of the template, which has to have one thread only, and is replaced when packages
change.
"""

import sys

if __name__ == "__main__":
    del sys.path[0]  # this script's own folder, whose modules hide the library's

OLDEST = "1.8.15"  # the first that lets a process name its parent


def main(wait: bool, place: str, search: "list[str]") -> None:
    """Listen, tell, wait for the host's end."""
    import json
    import os
    import threading
    from importlib import import_module

    host = os.fdopen(os.dup(1), "w", encoding="utf-8")
    stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)

    def tell(**message: object) -> None:
        print(json.dumps(message), file=host, flush=True)

    def end_with_host() -> None:
        while os.read(0, 4096):
            pass
        os._exit(0)

    guard = threading.Thread(target=end_with_host, name="lazulite-guard", daemon=True)
    guard.pydev_do_not_trace = True  # type: ignore[attr-defined]  # no debugger suspends it
    guard.start()
    sys.path[:0] = [place] if place else []
    sys.path += [folder for folder in search if folder not in sys.path]
    # it warns of frozen modules, which are the standard library's
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    try:
        debugpy = import_module("debugpy")  # the app's, not ours
    except ImportError as error:
        tell(error=f"debugpy is not installed for {sys.executable} ({error})", missing=True)
        return
    try:
        debugpy.configure(python=sys.executable)  # imports pydevd, which it brings along
        pydevd = import_module("pydevd")
        if "ppid" not in pydevd.settrace.__code__.co_varnames:
            tell(error=f"debugpy {debugpy.__version__} is older than {OLDEST}", missing=True)
            return
        os.dup2(nowhere, 2)  # the adapter, which may outlive us, would keep these open
        _, port = debugpy.listen(("127.0.0.1", 0))
        os.dup2(stderr, 2)
        setup = pydevd.SetupHolder.setup
        adapter, token = [setup["client"], setup["port"]], setup["access-token"]
    except Exception as error:
        tell(error=f"debugpy cannot listen: {error}")
        return
    tell(pid=os.getpid(), port=port, adapter=adapter, token=token)
    if wait:
        debugpy.wait_for_client()
        tell(attached=True)
    guard.join()


if __name__ == "__main__":
    main(sys.argv[1] == "1", sys.argv[2], sys.argv[3:])
