"""Public sockets."""

from __future__ import annotations

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
    assert len(public.sockets) == 2
    public.close_slot(1)
    public.close_slot(0)
    assert len(public.sockets) == 1
    with socket.create_connection(("127.0.0.1", public.port)) as client:
        assert client.getpeername()[1] == public.port
    public.close()
