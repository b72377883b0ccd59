import pytest
from hypothesis import given
from hypothesis import strategies as st

from radius.protocol.packet import encode_packet
from radius.storm.priority import Priority, classify


def packet(code, *attributes):
    return encode_packet(code, 1, bytes(16), attributes)


def status(number):
    return (40, number.to_bytes(4, "big"))


@pytest.mark.parametrize(
    ("data", "priority"),
    [
        (packet(1, (1, b"u"), (24, b"state"), (79, b"eap")), Priority.CONTINUATION),
        (packet(1, (1, b"u"), (79, b"eap")), Priority.LOGIN),
        (packet(1), Priority.LOGIN),
        (packet(12), Priority.CONTINUATION),
        (packet(40), Priority.CONTINUATION),
        (packet(43), Priority.CONTINUATION),
        (packet(2, (24, b"state")), Priority.INTERIM),
        (packet(0), Priority.INTERIM),
        (packet(255), Priority.INTERIM),
        (packet(4, (44, b"x"), status(1)), Priority.SESSION),
        (packet(4, status(2)), Priority.SESSION),
        (packet(4, status(7)), Priority.SESSION),
        (packet(4, status(3)), Priority.INTERIM),
        (packet(4), Priority.INTERIM),
        (b"", Priority.INTERIM),
        (packet(1)[:-1], Priority.INTERIM),
        (packet(1) + b"\1\0\30\3x", Priority.LOGIN),
    ],
)
def test_priorities(data, priority):
    assert classify(data) is priority


@given(st.binary(max_size=200), st.sampled_from([b"", b"\1", b"\4"]))
def test_any_octets_have_one(data, code):
    assert classify(code + data) in Priority
