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


@given(
    st.sampled_from([1, 4]),
    st.lists(
        st.tuples(st.sampled_from([1, 24, 40]), st.sampled_from([0, 1, 2, 8, 255]), st.binary(max_size=6)),
        max_size=6,
    ),
)
def test_any_lengths_have_one(code, attributes):
    told = b"".join(bytes((kind, size)) + value for kind, size, value in attributes)
    assert classify(packet(code) + told) in Priority


@pytest.mark.parametrize(("code", "kind"), [(1, 24), (4, 40)])
@pytest.mark.parametrize("size", [0, 1])
def test_an_attribute_shorter_than_its_header_is_none(code, kind, size):
    data = packet(code) + bytes((kind, size)) + b"rest"
    assert classify(data) is (Priority.LOGIN if code == 1 else Priority.INTERIM)
