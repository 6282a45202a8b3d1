"""What the test kit costs: a call through the in-process client, and opening an app.

    scripts/bench testkit [--calls N] [--runs N]

Each figure is the best of the runs; calls are compared with calling the function directly, in the
same process. The last row is a request whose message triggers a function that writes a blob.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

APP = Path(__file__).parent / "apps" / "testkit"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()

    import lazulite.testing.inprocess  # noqa: F401 - the figures are without imports
    from lazulite.testing import AppClient, open_app

    opened = [_open_and_close(open_app) for _ in range(options.runs)]
    print(f"open an app            {min(opened) * 1000:8.1f} ms   (goal < 50)")
    with open_app(APP) as client:
        direct_sync, direct_async = _direct()
        rows: tuple[tuple[str, Callable[[AppClient], object], Callable[[], object] | None], ...] = (
            ("sync function", lambda c: c.get("/api/sync"), direct_sync),
            ("async function", lambda c: c.get("/api/async"), direct_async),
            ("HTTP -> queue -> blob", lambda c: c.post("/api/chain", content="x"), None),
        )
        for name, call, direct in rows:
            calls = options.calls if direct else options.calls // 10
            spent = min(_seconds(partial(call, client), calls) for _ in range(options.runs))
            bare = min(_seconds(direct, calls) for _ in range(options.runs)) if direct else 0.0
            goal = "(goal < 0.3 over the direct call)" if direct else ""
            print(
                f"{name:22} {spent * 1000:8.3f} ms   direct {bare * 1000:.4f} ms, "
                f"over it {(spent - bare) * 1000:.3f} ms {goal}"
            )


def _open_and_close(open_app: Callable[..., object]) -> float:
    started = time.perf_counter()
    client = open_app(APP)
    seconds = time.perf_counter() - started
    client.close()  # type: ignore[attr-defined]
    return seconds


def _direct() -> tuple[Callable[[], object], Callable[[], object]]:
    """The app's two functions, called as its unit tests would."""
    import azure.functions as func
    import function_app  # type: ignore[import-not-found]

    request = func.HttpRequest(method="GET", url="/api/sync", body=b"")
    sync = function_app.answer.build().get_user_function()
    coroutine = function_app.answer_async.build().get_user_function()
    loop = asyncio.new_event_loop()
    return lambda: sync(request), lambda: loop.run_until_complete(coroutine(request))


def _seconds(call: Callable[[], object], count: int) -> float:
    started = time.perf_counter()
    for _ in range(count):
        call()
    return (time.perf_counter() - started) / count


if __name__ == "__main__":
    main()
