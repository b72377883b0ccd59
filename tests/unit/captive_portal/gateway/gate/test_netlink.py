import pytest
from hypothesis import given
from hypothesis import strategies as st

from captive_portal.gateway.gate.netlink import (
    Message,
    NetlinkFormatError,
    encode_attribute,
    encode_message,
    encode_nested,
    parse_attributes,
    parse_messages,
)


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=50)), max_size=5))
def test_messages_round_trip(messages):
    data = b"".join(encode_message(kind, 5, 9, body) for kind, body in messages)
    assert list(parse_messages(data)) == [Message(kind, 5, 9, body) for kind, body in messages]


@given(st.lists(st.tuples(st.integers(0, 0x3FFF), st.binary(max_size=50)), max_size=5))
def test_attributes_round_trip(attributes):
    data = b"".join(encode_attribute(kind, body) for kind, body in attributes)
    assert list(parse_attributes(data)) == attributes


@given(st.binary(max_size=100))
def test_any_bytes_are_read_or_refused(data):
    for parse in (parse_messages, parse_attributes):
        try:
            list(parse(data))
        except NetlinkFormatError:
            continue


def test_errors_are_positive_numbers():
    assert Message(2, 0, 1, b"\xfe\xff\xff\xff").error == 2
    assert Message(2, 0, 1, bytes(4)).error == 0
    with pytest.raises(NetlinkFormatError):
        _ = Message(2, 0, 1, b"").error


def test_an_attribute_has_a_bound():
    with pytest.raises(ValueError, match="65535"):
        encode_attribute(1, bytes(65_532))


def test_nested_attributes_lose_their_flag_when_read():
    ((kind, value),) = parse_attributes(encode_nested(3, encode_attribute(1, b"abcd")))
    assert (kind, list(parse_attributes(value))) == (3, [(1, b"abcd")])
