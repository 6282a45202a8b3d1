"""From a worker's messages to lines."""

from __future__ import annotations

import io
from typing import Any

from lazulite.config.loglevels import LogLevels
from lazulite.host.journal import Journal
from lazulite.telemetry.console import Console, Filter


def told(*messages: dict[str, Any]) -> list[str]:
    out = io.StringIO()
    journal = Journal(Console(out, Filter(LogLevels()), True))
    for message in messages:
        journal.take({"pid": 1, **message})
    return [line.partition("] ")[2].removesuffix("\x1b[0m") for line in out.getvalue().splitlines()]


def line(text: str, stream: str = "stdout", **more: Any) -> dict[str, Any]:
    return {"k": "line", "m": text, "stream": stream, **more}


def test_printed_lines() -> None:
    assert told(line("a\nb"), line("")) == ["a", "b", ""]


def test_begun_lines_are_joined_by_stream_and_invocation() -> None:
    assert told(
        line("1", more=True, i="x"),
        line("A", more=True, i="y"),
        line("err", "stderr", more=True, i="x"),
        line("2\n3", i="x"),
        line("B", i="y"),
        {"k": "gone"},
    ) == ["12", "3", "AB", "err"]


def test_a_progress_bar_shows_each_of_its_states() -> None:
    bar = [line(f"\r{n}%", "stderr", more=True) for n in (10, 20, 30)]
    assert told(*bar, line("", "stderr")) == ["10%", "20%", "30%"]


def test_what_is_printed_to_stderr_is_coloured_by_its_words() -> None:
    out = io.StringIO()
    journal = Journal(Console(out, Filter(LogLevels()), True))
    for text in ("UserWarning: x", "ValueError: x", "plain"):
        journal.take({"pid": 1, **line(text, "stderr")})
    colours = [shown[2:4] for shown in out.getvalue().splitlines()]
    assert colours == ["33", "31", "36"]


def test_invocations() -> None:
    start = {"k": "start", "t": 1.0, "f": "f", "i": "id", "r": "why", "d": {"MessageId": "7"}}
    good = {"k": "end", "t": 1.0, "f": "f", "i": "id", "ok": True, "s": 0.0124}
    bad = {**good, "ok": False, "e": "ValueError: no", "x": "Traceback\n  line\n"}
    many = {"k": "sum", "t": 1.0, "n": {"f": [1200, 2.4, 0.0051]}}
    assert told(start, good, bad, many) == [
        "Executing 'Functions.f' (Reason='why', Id=id)",
        "Trigger Details: MessageId: 7",
        "Executed 'Functions.f' (Succeeded, Id=id, Duration=12ms)",
        "Executed 'Functions.f' (Failed, Id=id, Duration=12ms)",
        "Exception while executing function: Functions.f. ValueError: no",
        "Traceback",
        "  line",
        "Executed 'Functions.f' 1,200 more times in the last second (Succeeded, "
        "Duration=2.00ms on average, 5ms at most)",
    ]
