from __future__ import annotations

import os

from lazulite.wire import forkserver


def test_a_message_brings_its_descriptors() -> None:
    ours, theirs = forkserver.pair()
    read, write = os.pipe()
    forkserver.send(ours, {"fork": 1}, [write])
    received = forkserver.receive(theirs)
    assert received is not None
    message, fds = received
    os.write(fds[0], b"through")
    assert message == {"fork": 1}
    assert os.read(read, 100) == b"through"
    for fd in (read, write, *fds):
        os.close(fd)
    ours.close()
    theirs.close()


def test_the_end_is_told() -> None:
    ours, theirs = forkserver.pair()
    ours.close()
    assert forkserver.receive(theirs) is None
    theirs.close()
