"""What a client gets when a function fails."""

from __future__ import annotations

from lazulite.worker.answer import Answer, described
from lazulite.worker.call import Call
from lazulite.worker.runtime import Runtime


def failed(runtime: Runtime, call: Call, started: float, error: BaseException) -> Answer | None:
    """Tell of a call that failed; its answer, None where it has been given up and answered."""
    message, stack = described(error)
    if not runtime.ended(call, started, message, stack):
        return None
    return error_answer(runtime, call.function, call.expired or message, stack)


def error_answer(runtime: Runtime, function: str, message: str, stack: str = "") -> Answer:
    """500, with what went wrong in local mode."""
    if not runtime.development:
        return 500, [], b""
    text = f"Exception while executing function: Functions.{function}\n{message}\n"
    if stack:
        text += f"\n{stack}"
    return 500, [("content-type", "text/plain; charset=utf-8")], text.encode()
