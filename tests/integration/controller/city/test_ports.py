import socket
from dataclasses import astuple

from controller.city.ports import CANDIDATES, LOOPBACK, Ports, is_free


def test_a_city_gets_ports_that_differ_and_that_no_outgoing_connection_takes():
    numbers = astuple(Ports.free())
    assert len(set(numbers)) == len(numbers)
    assert all(number in CANDIDATES for number in numbers)


def test_a_port_that_is_held_is_not_free():
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as held:
            held.bind((LOOPBACK, 0))
            assert not is_free(held.getsockname()[1])
