import pytest
from hypothesis import given
from hypothesis import strategies as st

from radius.explain.trace import Trace, decode_trace, encode_trace

TRACE = Trace(
    ("z", "s", "City", "lo", "radius-mab", "city", "active"), 7, "10.0.0.1", True, 1, "cisco", 60, 5, b"x"
)


def test_it_comes_back():
    assert decode_trace(encode_trace(TRACE)) == TRACE


@given(st.binary())
def test_anything_else_is_none(octets):
    try:
        trace = decode_trace(octets)
    except ValueError:
        trace = None
    assert trace is None or decode_trace(encode_trace(trace)) == trace


def test_damage_is_noticed():
    with pytest.raises(ValueError, match="trace"):
        decode_trace(encode_trace(TRACE)[:-1])
