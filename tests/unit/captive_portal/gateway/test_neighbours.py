import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captive_portal.gateway.gate.base import Client
from captive_portal.gateway.gate.netlink import Message, NetlinkFormatError, encode_attribute, parse_messages
from captive_portal.gateway.neighbours import Neighbour, encode_dump, parse_neighbour


def message(state=2, family=2, kind=28, ip=b"\x0a\x4d\x01\x05", mac=b"\x02\x00\x00\x00\x00\x05"):
    body = struct.pack("<BxxxiHBB", family, 7, state, 0, 0)
    return Message(kind, 0, 0, body + encode_attribute(1, ip) + encode_attribute(2, mac))


def test_reads_a_live_neighbour():
    expected = Neighbour(Client("10.77.1.5", "02:00:00:00:00:05"), 7)
    assert parse_neighbour(message()) == expected


@pytest.mark.parametrize(
    "other",
    [message(state=0x20), message(family=10), message(kind=29), message(mac=b""), message(ip=b"\x01")],
)
def test_others_are_none(other):
    assert parse_neighbour(other) is None


def test_asks_for_all():
    (asked,) = parse_messages(encode_dump(3))
    assert (asked.kind, asked.sequence) == (30, 3)


@given(st.binary(max_size=64))
def test_any_payload_is_read_or_refused(payload):
    try:
        parse_neighbour(Message(28, 0, 0, payload))
    except NetlinkFormatError:
        return
