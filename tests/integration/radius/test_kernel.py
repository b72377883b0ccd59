"""Drops as this machine's kernel counts them."""

import socket

from radius.kernel import read_drops


def test_a_full_buffer_shows():
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as full,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        full.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        full.bind(("127.0.0.1", 0))
        port = full.getsockname()[1]
        assert read_drops(port) == 0
        for _ in range(50):
            sender.sendto(bytes(500), ("127.0.0.1", port))
        assert read_drops(port) > 0
