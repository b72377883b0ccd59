"""Drops as this machine's kernel counts them."""

import socket

from radius.kernel import KernelDrops


def flood(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(50):
            sender.sendto(bytes(500), ("127.0.0.1", port))


def listen(port=0):
    full = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    full.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    full.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    full.bind(("127.0.0.1", port))
    return full


def test_a_full_buffer_shows_and_is_not_forgotten_with_its_socket():
    with listen() as full:
        port = full.getsockname()[1]
        drops = KernelDrops(port)
        assert drops.read() == 0
        flood(port)
        first = drops.read()
        assert first > 0
    assert drops.read() == first
    with listen(port):
        flood(port)
        assert drops.read() > first
