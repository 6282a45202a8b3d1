"""What a debugger attaches to under `func start --debug`: a process in the app's interpreter that
runs nothing and stays. Workers connect to its debug adapter as its children would, so that a client
that is attached to it gets each new worker as a child session and needs no other port.

    python debugserver.py PORT WAIT SEARCH...

WAIT: 1 to tell when a client has attached; SEARCH: what ends sys.path. Tells on stdout, one JSON
object a line: {"error": TEXT} or {"pid", "adapter": [HOST, PORT]}, then {"attached": true}. Ends
when its stdin does. Not forked from the template, which must have one thread only, and which
is replaced when packages change.
"""

import sys

del sys.path[0]  # this script's own folder, whose modules hide the library's


def main(port: int, wait: bool, search: "list[str]") -> None:
    """Listen, tell, wait."""
    import json
    import os
    import threading
    from importlib import import_module

    out = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)

    def tell(**message: object) -> None:
        print(json.dumps(message), file=out, flush=True)

    def end_with_host() -> None:
        while os.read(0, 4096):
            pass
        os._exit(0)

    guard = threading.Thread(target=end_with_host, name="lazulite-guard", daemon=True)
    guard.pydev_do_not_trace = True  # type: ignore[attr-defined]  # nobody can suspend it
    guard.start()
    sys.path += [place for place in search if place not in sys.path]
    # it warns of frozen modules, which are the standard library's
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    try:
        debugpy = import_module("debugpy")  # the app's, not ours
    except ImportError as error:
        tell(missing=str(error))
        return
    try:
        debugpy.configure(python=sys.executable)
        debugpy.listen(("127.0.0.1", port))
    except Exception as error:
        tell(error=str(error))
        return
    tell(pid=os.getpid(), adapter=list(import_module("pydevd").dispatch()))
    if wait:
        debugpy.wait_for_client()
        tell(attached=True)
    guard.join()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2] == "1", sys.argv[3:])
