import pytest
from hypothesis import given
from hypothesis import strategies as st

from radius.protocol.dictionary.extended import Extended, encode_extended, join_extended, name_of
from radius.protocol.errors import EncodeError

ATTRIBUTES = st.lists(
    st.tuples(st.integers(0, 255) | st.integers(241, 246), st.binary(max_size=253)), max_size=12
)


@given(st.integers(245, 246), st.integers(0, 25), st.binary(max_size=3_000))
def test_long_values_come_back_whole(kind, extended, value):
    whole = Extended(kind, extended, value)
    parts = encode_extended(whole)
    assert all(len(part) <= 253 for _, part in parts)
    assert len(parts) == max(1, -(-len(value) // 251))
    assert join_extended([(1, b"u"), *parts, (25, b"c")]) == [whole]


@given(st.integers(241, 244), st.binary(max_size=247), st.integers(1, 2**32 - 1), st.integers(0, 255))
def test_a_vendors_attribute_comes_back(kind, value, vendor, vendor_kind):
    whole = Extended(kind, 26, value, vendor, vendor_kind)
    assert join_extended(encode_extended(whole)) == [whole]
    assert name_of(whole) == f"Extended-{kind}.26.{vendor}.{vendor_kind}"


def test_a_value_interrupted_or_unfinished_is_left_out():
    first, second = encode_extended(Extended(245, 1, bytes(400)))
    assert join_extended([first]) == []
    assert join_extended([first, (1, b"u"), second]) == [Extended(245, 1, bytes(149))]
    assert join_extended([first, (245, b"\2\0x")]) == [Extended(245, 2, b"x")]


def test_what_is_too_short_is_left_out():
    assert join_extended([(241, b""), (245, b"\1"), (241, b"\x1a\0\0\0"), (245, b"\x1a\0abc")]) == []


def test_a_short_type_holds_252_octets():
    assert len(encode_extended(Extended(241, 1, bytes(252)))[0][1]) == 253
    with pytest.raises(EncodeError):
        encode_extended(Extended(241, 1, bytes(253)))


def test_names():
    assert name_of(Extended(241, 8, b"")) == "Operator-NAS-Identifier"
    assert name_of(Extended(246, 9, b"")) == "Extended-246.9"


@given(ATTRIBUTES)
def test_any_attributes_are_joined(attributes):
    for one in join_extended(attributes):
        assert 241 <= one.kind <= 246
        assert len(one.value) <= sum(len(value) for _, value in attributes)
