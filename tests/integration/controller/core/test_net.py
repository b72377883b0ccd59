"""Sockets in a real network namespace, used from outside it."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

from controller.core.errors import ConflictError, InvalidInputError
from controller.core.net import bind_udp, entered, listen_tcp

SELF = Path("/proc/thread-self/ns/net")


@pytest.fixture
def namespace():
    name = f"kt-net-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
    yield name
    subprocess.run(["ip", "netns", "del", name], check=True)


def test_a_socket_made_inside_answers_inside_only(namespace):
    before = SELF.readlink()
    server = listen_tcp("127.0.0.1", 0, netns=namespace)
    assert SELF.readlink() == before
    port = server.getsockname()[1]
    with entered(namespace):
        client = socket.create_connection(("127.0.0.1", port), timeout=2)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=2)
    client.close()
    server.close()


def test_an_absent_namespace_is_named():
    with pytest.raises(InvalidInputError, match="'kt-none'"):
        listen_tcp("127.0.0.1", 0, netns="kt-none")


def test_a_taken_port_and_a_foreign_address_are_clear_errors():
    taken = listen_tcp("127.0.0.1", 0)
    with pytest.raises(ConflictError, match="cannot listen on"):
        listen_tcp("127.0.0.1", taken.getsockname()[1])
    with pytest.raises(ConflictError):
        bind_udp("192.0.2.1", 0)
    taken.close()


def test_a_host_that_does_not_resolve_is_a_clear_error():
    for host in ("no.such.host.invalid", "a" * 70):
        with pytest.raises(InvalidInputError, match="is no address of this machine"):
            bind_udp(host, 0)


def test_workers_share_a_udp_port():
    first = bind_udp("127.0.0.1", 0, reuse_port=True)
    second = bind_udp("127.0.0.1", first.getsockname()[1], reuse_port=True)
    first.close()
    second.close()
