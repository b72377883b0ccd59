import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radius.protocol.errors import DropReason, EncodeError, MalformedError
from radius.protocol.packet import (
    MAX_ATTRIBUTES,
    Packet,
    encode_integer,
    encode_packet,
    encode_vendor,
    encode_vendor_integer,
    iter_vendor,
    parse_packet,
)

ZERO = bytes(16)
attributes = st.lists(
    st.tuples(st.integers(1, 255).filter(lambda kind: kind != 80), st.binary(max_size=253)), max_size=12
)


@given(st.integers(0, 255), st.integers(0, 255), st.binary(min_size=16, max_size=16), attributes)
def test_what_is_encoded_is_parsed(code, identifier, authenticator, values):
    data = encode_packet(code, identifier, authenticator, values)
    assert parse_packet(data) == Packet(code, identifier, authenticator, tuple(values))


@given(st.binary(max_size=300))
def test_any_octets_parse_or_are_malformed(data):
    try:
        packet = parse_packet(data)
    except MalformedError:
        return
    length = int.from_bytes(data[2:4], "big")
    assert (
        encode_packet(packet.code, packet.identifier, packet.authenticator, packet.attributes)
        == data[:length]
    )


@given(attributes, st.data())
def test_a_changed_octet_never_breaks_the_parser(values, draw):
    data = bytearray(encode_packet(1, 1, ZERO, values))
    data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    with contextlib.suppress(MalformedError):
        parse_packet(bytes(data[: draw.draw(st.integers(0, len(data)))]))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", DropReason.SHORT),
        (bytes(19), DropReason.SHORT),
        (b"\1\1\0\x13" + ZERO, DropReason.BAD_LENGTH),
        (b"\1\1\x10\1" + ZERO, DropReason.BAD_LENGTH),
        (b"\1\1\0\x20" + ZERO, DropReason.SHORT),
        (b"\1\1\0\x15" + ZERO + b"\1", DropReason.BAD_ATTRIBUTE),
        (b"\1\1\0\x16" + ZERO + b"\1\0", DropReason.BAD_ATTRIBUTE),
        (b"\1\1\0\x16" + ZERO + b"\1\1", DropReason.BAD_ATTRIBUTE),
        (b"\1\1\0\x16" + ZERO + b"\1\3", DropReason.BAD_ATTRIBUTE),
        (b"\1\1\0\x18" + ZERO + b"\x50\4ab", DropReason.BAD_ATTRIBUTE),
        (encode_packet(1, 1, ZERO, [(80, ZERO), (80, ZERO)]), DropReason.BAD_ATTRIBUTE),
        (encode_packet(1, 1, ZERO, [(1, b"")] * (MAX_ATTRIBUTES + 1)), DropReason.TOO_MANY_ATTRIBUTES),
    ],
)
def test_malformed_packets_say_why(data, reason):
    with pytest.raises(MalformedError) as caught:
        parse_packet(data)
    assert caught.value.reason is reason


def test_octets_after_the_length_are_padding():
    data = encode_packet(1, 7, ZERO, [(1, b"a")])
    assert parse_packet(data + b"trailing") == parse_packet(data)


def test_message_authenticator_is_located():
    packet = parse_packet(encode_packet(1, 1, ZERO, [(1, b"abc"), (80, ZERO)]))
    assert packet.message_authenticator_at == 20 + 5 + 2


def test_finding_values():
    packet = Packet(
        1, 1, ZERO, ((1, "дом".encode()), (1, b"b"), encode_integer(27, 5), (28, b"x"), (2, b"\xff"))
    )
    assert packet.find(1) == "дом".encode()
    assert packet.find_all(1) == ["дом".encode(), b"b"]
    assert packet.find_text(1) == "дом"
    assert packet.find_text(2) == "\ufffd"
    assert packet.find_integer(27) == 5
    assert packet.find_integer(28) is None
    assert packet.find_integer(99) is None
    assert packet.find(99) is None
    assert packet.find_text(99) is None


def test_vendor_attributes_may_share_one_vendor_specific():
    shared = (26, b"\0\0\x37\x2a" + b"\7\6\0\0\0\1" + b"\x08\6\0\0\0\2")
    assert list(iter_vendor([shared])) == [(14122, 7, b"\0\0\0\1"), (14122, 8, b"\0\0\0\2")]
    packet = Packet(2, 1, ZERO, (shared, encode_vendor_integer(9, 1, 3)))
    assert packet.find_vendor(14122, 8) == b"\0\0\0\2"
    assert packet.find_vendor(9, 1) == b"\0\0\0\3"
    assert packet.find_vendor(9, 2) is None


@given(st.binary(max_size=253))
def test_vendor_walk_ends(value):
    for vendor, kind, inner in iter_vendor([(26, value)]):
        assert 0 <= vendor < 2**32
        assert 0 <= kind < 256
        assert len(inner) < len(value)


def test_too_long_values_and_packets_are_our_error():
    with pytest.raises(EncodeError):
        encode_packet(2, 1, ZERO, [(18, bytes(254))])
    with pytest.raises(EncodeError):
        encode_packet(2, 1, ZERO, [(18, bytes(253))] * 17)


def test_numbers_are_held_at_the_limit():
    assert encode_integer(27, 2**40) == (27, b"\xff\xff\xff\xff")
    assert encode_integer(27, -1) == (27, bytes(4))


def test_vendor_attribute_round_trip():
    assert list(iter_vendor([encode_vendor(311, 16, b"key")])) == [(311, 16, b"key")]
