"""Datagrams over loopback, in batches and one by one: the same either way."""

import socket
import sys

import pytest

from radius.load import wire

WAYS = pytest.mark.parametrize("batches", [True, False])


@pytest.fixture
def pair():
    """Two sockets connected to each other."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other,
    ):
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        one.connect(other.getsockname())
        other.connect(one.getsockname())
        other.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_194_304)
        yield one, other


def take(incoming, sock):
    count = incoming.receive(sock)
    return [
        bytes(incoming.octets[number * wire.STRIDE :][: incoming.length(number)]) for number in range(count)
    ]


def test_this_machine_has_batches():
    assert wire.has_batches() == (sys.platform == "linux")


@WAYS
def test_datagrams_arrive_whole_and_in_order(pair, batches):
    one, other = pair
    datagrams = [bytes((number,)) * (number * 9 + 1) for number in range(100)]
    outgoing, incoming = wire.lay_out(datagrams, batches=batches), wire.make_room(batches=batches)
    outgoing.send(one, 10, 80)
    assert take(incoming, other) == datagrams[10:74]
    assert take(incoming, other) == datagrams[74:90]
    assert take(incoming, other) == []
    outgoing.send(one, 3, 1)
    assert take(incoming, other) == [datagrams[3]]


@WAYS
def test_a_port_that_is_closed_is_as_quiet_as_a_network(batches):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
            gone.bind(("127.0.0.1", 0))
            sock.connect(gone.getsockname())
        outgoing, incoming = wire.lay_out([b"x"] * 5, batches=batches), wire.make_room(batches=batches)
        for _ in range(3):
            outgoing.send(sock, 0, 5)
            assert take(incoming, sock) == []


@WAYS
def test_other_errors_are_told(pair, batches):
    one, _ = pair
    outgoing = wire.lay_out([bytes(70_000)], batches=batches)
    with pytest.raises(OSError, match="too long"):
        outgoing.send(one, 0, 1)
    incoming = wire.make_room(batches=batches)
    closed = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    closed.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        incoming.receive(closed)
