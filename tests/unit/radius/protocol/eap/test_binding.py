import pytest
from hypothesis import given
from hypothesis import strategies as st

from radius.protocol.eap.binding import (
    NONCE_LENGTH,
    REQUEST,
    RESPONSE,
    TLV_LENGTH,
    bind,
    bind_resumed,
)

TUNNEL = bytes(range(60))
INNER = bytes(range(100, 132))
NONCE = bytes(range(NONCE_LENGTH))


def test_a_tlv_of_the_same_keys_and_the_other_side():
    binding = bind(TUNNEL, INNER)
    said = binding.encode(RESPONSE, NONCE)
    assert len(said) == TLV_LENGTH
    assert said[:8] == bytes.fromhex("000c003800000001")
    assert said[8:40] == NONCE
    assert binding.is_right(said, RESPONSE)
    assert not binding.is_right(said, REQUEST)


@pytest.mark.parametrize("position", [0, 3, 5, 6, 7, 8, 40, 59])
def test_no_octet_can_be_changed(position):
    binding = bind(TUNNEL, INNER)
    said = bytearray(binding.encode(REQUEST, NONCE))
    said[position] ^= 1
    assert not binding.is_right(bytes(said), REQUEST)


def test_the_keys_are_those_of_both():
    keys = {bind(TUNNEL, INNER), bind(TUNNEL, b""), bind(bytes(60), INNER), bind_resumed(TUNNEL)}
    assert len(keys) == 4
    assert {(len(one.mac_key), len(one.msk)) for one in keys} == {(20, 64)}
    assert bind(TUNNEL, b"") == bind(TUNNEL, bytes(32))


@given(st.binary(max_size=80))
def test_whatever_is_said(tlv):
    assert not bind(TUNNEL, INNER).is_right(tlv, RESPONSE)
