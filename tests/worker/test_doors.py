"""Closing a worker's listeners without closing the port."""

from __future__ import annotations

import os
import socket

import pytest

from lazulite.worker.doors import Doors


def test_new_connections_go_to_whoever_else_has_the_listener() -> None:
    with socket.socket() as host:
        host.bind(("127.0.0.1", 0))
        host.listen()
        host.settimeout(5)
        port = host.getsockname()[1]
        worker = os.dup(host.fileno())
        doors = Doors([worker])
        with socket.create_connection(("127.0.0.1", port)) as client:
            accepted, _ = host.accept()
            with accepted:
                assert doors.connections() == 1
                doors.close()
                doors.close()
                assert doors.address()[:2] == ("127.0.0.1", port)
                assert doors.connections() == 1
                with socket.create_connection(("127.0.0.1", port)):
                    second, _ = host.accept()
                    second.close()
                client.close()
        with socket.socket(fileno=worker) as replaced:
            assert replaced.getsockname()[1] != port


def test_any_address_is_called_on_the_loopback() -> None:
    with socket.socket() as host:
        host.bind(("0.0.0.0", 0))
        host.listen()
        assert Doors([host.fileno()]).address()[0] == "127.0.0.1"


def test_counting_connections_leaves_no_descriptor_behind() -> None:
    with socket.socket() as host:
        host.bind(("127.0.0.1", 0))
        host.listen()
        doors = Doors([host.fileno()])
        reading, writing = os.pipe()  # no sockets
        before = set(os.listdir("/dev/fd"))
        for _ in range(20):
            assert doors.connections() == 0
        assert set(os.listdir("/dev/fd")) == before
        os.close(reading)
        os.close(writing)


def test_a_worker_that_closed_its_doors_keeps_no_socket_listening() -> None:
    with socket.socket() as host:
        host.bind(("127.0.0.1", 0))
        host.listen()
        port = host.getsockname()[1]
        worker = os.dup(host.fileno())
        Doors([worker]).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    os.close(worker)


def test_a_slot_listens_from_the_moment_that_its_worker_opens() -> None:
    with socket.socket() as host:
        host.bind(("127.0.0.1", 0))
        doors = Doors([os.dup(host.fileno())])
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(host.getsockname())
        doors.open()
        socket.create_connection(host.getsockname()).close()
