"""What leaves a worker: records, prints, invocations, as datagrams."""

from __future__ import annotations

import io
import json
import logging
import os
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.wire.pair import pair
from lazulite.worker.call import Call, current, thread_locals
from lazulite.worker.channel import PIECE, LogChannel
from lazulite.worker.logs import UserLogHandler, level_name, root_level
from lazulite.worker.printing import PrintStream
from lazulite.worker.recorder import Recorder


class Listener:
    """The host's end of a channel."""

    def __init__(self) -> None:
        self.sock, self.theirs = pair()
        self.channel = LogChannel(self.theirs.fileno())

    def messages(self) -> list[dict[str, Any]]:
        """All that has been sent, pieces not joined."""
        self.sock.setblocking(False)
        found: list[dict[str, Any]] = []
        while True:
            try:
                data = self.sock.recv(1 << 20)
            except BlockingIOError:
                return found
            found.append(json.loads(data.partition(b"\n")[0]))

    def close(self) -> None:
        self.sock.close()
        self.theirs.close()


@pytest.fixture
def host() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


@pytest.fixture
def stream(host: Listener) -> Iterator[PrintStream]:
    read, write = os.pipe()
    out = PrintStream(write, "stdout", host.channel)
    yield out
    out.detach()
    os.close(read)
    os.close(write)


def texts(host: Listener) -> list[str]:
    return [message["m"] for message in host.messages()]


def test_whole_lines_leave_at_once_and_begun_ones_wait(host: Listener, stream: PrintStream) -> None:
    print("a", 1, file=stream)
    print("b\nc", end="", file=stream)
    assert texts(host) == ["a 1", "b"]
    print("d", file=stream)
    assert texts(host) == ["cd"]
    stream.writelines(["x\n", "y\n"])
    assert texts(host) == ["x", "y"]


def test_a_flushed_line_goes_on(host: Listener, stream: PrintStream) -> None:
    print("50%", end="", flush=True, file=stream)
    print(" 100%", file=stream)
    first, second = host.messages()
    assert (first["m"], first["more"]) == ("50%", True)
    assert (second["m"], second["more"]) == (" 100%", False)


def test_the_begun_lines_of_invocations_do_not_mix(host: Listener, stream: PrintStream) -> None:
    one, two = Call("f", "1"), Call("f", "2")
    for call, text in ((one, "o"), (two, "t"), (one, "ne"), (two, "wo")):
        current.set(call)
        stream.write(text)
    stream.finish(one)
    current.set(two)
    stream.write("\n")
    current.set(None)
    said = {message["m"]: message["i"] for message in host.messages()}
    assert said["two"] == "2"
    assert "one" in said


def test_a_line_without_end_leaves_in_pieces(host: Listener, stream: PrintStream) -> None:
    for _ in range(3):
        stream.write("x" * 40_000)
    stream.write("\n")
    sent = texts(host)
    assert len(sent) > 1
    assert sum(map(len, sent)) == 120_000


def test_it_is_a_text_stream_like_any_other(stream: PrintStream) -> None:
    assert isinstance(stream, io.TextIOWrapper)
    assert not stream.isatty()
    assert stream.writable()
    assert stream.encoding == "utf-8"
    assert isinstance(stream.fileno(), int)
    with pytest.raises(TypeError, match="must be str, not bytes"):
        stream.write(b"x")  # type: ignore[arg-type]


def test_bytes_go_to_the_descriptor() -> None:
    host = Listener()
    read, write = os.pipe()
    out = PrintStream(write, "stdout", host.channel)
    out.buffer.write(b"\xff\n")
    assert os.read(read, 10) == b"\xff\n"
    assert host.messages() == []
    out.detach()


def test_large_messages_are_cut_and_none_is_lost(host: Listener) -> None:
    host.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    host.theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
    host.channel.send({"m": "y" * (2 * PIECE)})
    heads = host.messages()
    assert [(head["k"], head["i"], head["of"]) for head in heads] == [
        ("part", 0, 3),
        ("part", 1, 3),
        ("part", 2, 3),
    ]


def test_without_a_host_the_text_goes_to_stderr(
    host: Listener, capfd: pytest.CaptureFixture[str]
) -> None:
    host.sock.close()
    host.channel.send({"k": "log", "m": "nobody listens"})
    host.channel.send({"k": "start"})
    assert capfd.readouterr().err == "nobody listens\n"


@given(st.text(), st.lists(st.one_of(st.text(), st.integers(), st.none()), max_size=3))
def test_any_record_is_sent_and_none_raises(text: str, arguments: list[object]) -> None:
    host = Listener()
    record = logging.LogRecord("n", logging.INFO, "f", 1, text, tuple(arguments), None)
    UserLogHandler(host.channel).handle(record)
    (message,) = host.messages()
    assert message["n"] == "n"
    host.close()


def test_whose_record_it_is(host: Listener) -> None:
    handler = UserLogHandler(host.channel)

    def log() -> None:
        handler.handle(logging.LogRecord("shop", 30, "f", 1, "m", (), None))

    def in_a_thread_that_says_so() -> None:
        thread_locals.invocation_id = "told"
        log()

    log()
    handler.owner = ("inner", "owned")
    log()
    thread = threading.Thread(target=in_a_thread_that_says_so)
    thread.start()
    thread.join()
    token = current.set(Call("f", "running"))
    log()
    current.reset(token)
    assert [(m["f"], m["i"]) for m in host.messages()] == [
        ("", ""),
        ("inner", "owned"),
        ("", "told"),
        ("f", "running"),
    ]


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (50, "Critical"),
        (45, "Error"),
        (30, "Warning"),
        (21, "Information"),
        (10, "Debug"),
        (9, "Trace"),
    ],
)
def test_level_names(number: int, name: str) -> None:
    assert level_name(number) == name


@pytest.mark.parametrize(
    ("debug", "wanted", "level"),
    [("1", 20, 10), ("TRUE ", 20, 10), ("1", 1, 1), ("0", 10, 20), (None, 1, 20), ("", 40, 20)],
)
def test_the_root_logger_s_level(debug: str | None, wanted: int, level: int) -> None:
    assert root_level(debug, wanted) == level


def test_invocations_above_the_rate_are_summed_up(host: Listener) -> None:
    recorder = Recorder(host.channel)
    for number in range(recorder.RATE + 10):
        call = Call("f", str(number))
        recorder.started(call, "because")
        if number % 10 == 9:
            recorder.failed(call, 0.5, "E", "stack")
        else:
            recorder.succeeded(call, 0.25)
    before = host.messages()
    assert sum(m["k"] == "start" for m in before) == recorder.RATE
    assert sum(m["k"] == "end" and not m["ok"] for m in before) == 3
    recorder.tick()
    recorder.tick()
    (told,) = host.messages()
    assert (told["k"], told["n"]) == ("sum", {"f": [9, 2.25, 0.25]})
    recorder.started(Call("f"), "a new second")
    assert [m["k"] for m in host.messages()] == ["start"]
