"""Public sockets."""

from __future__ import annotations

import os
import socket

import pytest

from lazulite.errors import UsageError
from lazulite.host import listening


def test_a_port_is_bound_once() -> None:
    public = listening.bind("127.0.0.1", 0)
    try:
        with pytest.raises(UsageError, match=f"Port {public.port} is unavailable"):
            listening.bind("127.0.0.1", public.port)
    finally:
        public.close()


@pytest.mark.skipif(not listening.SPREADS, reason="one socket is shared by all workers here")
def test_slots_share_the_port() -> None:
    public = listening.bind("127.0.0.1", 0)
    first, second = public.slot(0), public.slot(1)
    assert first != second
    assert public.slot(1) == second
    assert len(public.listening) == 1  # the second one's worker makes it listen
    assert public.close_slot(0) == []
    assert len(public.listening) == 1
    socket.socket(fileno=os.dup(second[0])).listen()
    assert len(public.listening) == 2
    assert public.close_slot(0) == []
    assert public.slot(1) == second
    with socket.create_connection(("127.0.0.1", public.port)) as client:
        assert client.getpeername()[1] == public.port
    public.close()


@pytest.mark.skipif(not listening.SPREADS, reason="one socket is shared by all workers here")
def test_who_waits_in_a_slot_that_is_closed_is_not_lost() -> None:
    public = listening.bind("127.0.0.1", 0)
    with socket.socket(fileno=os.dup(public.slot(1)[0])) as second:
        second.listen()
        clients = [socket.create_connection(("127.0.0.1", public.port)) for _ in range(20)]
        waiting = public.close_slot(0)
        second.settimeout(10)
        accepted = [second.accept()[0] for _ in range(20 - len(waiting))]
        assert {c.getpeername() for c in (*waiting, *accepted)} == {
            c.getsockname() for c in clients
        }
        for sock in (*clients, *waiting, *accepted):
            sock.close()
    public.close()
