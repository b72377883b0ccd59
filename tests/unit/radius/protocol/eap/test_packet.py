import pytest
from hypothesis import given
from hypothesis import strategies as st

from radius.protocol.eap.packet import (
    EapCode,
    EapPacket,
    EapType,
    encode_eap,
    encode_outcome,
    join_message,
    next_identifier,
    parse_eap,
    split_message,
)
from radius.protocol.errors import DropReason, MalformedError


def test_a_response_there_and_back():
    octets = encode_eap(EapCode.RESPONSE, 9, EapType.IDENTITY, b"who")
    assert octets == bytes.fromhex("02090008 01") + b"who"
    assert parse_eap(octets) == EapPacket(2, 9, 1, b"who")
    assert parse_eap(octets + b"padding") == EapPacket(2, 9, 1, b"who")


def test_success_has_no_type():
    assert encode_outcome(EapCode.SUCCESS, 200) == bytes.fromhex("03c80004")
    assert parse_eap(bytes.fromhex("04010004")) == EapPacket(4, 1, 0, b"")


@pytest.mark.parametrize(
    "octets", ["", "0201", "02010004", "02010006 01", "02010003", "05010005 01", "03010005 01"]
)
def test_what_is_no_packet(octets):
    with pytest.raises(MalformedError) as caught:
        parse_eap(bytes.fromhex(octets))
    assert caught.value.reason is DropReason.EAP_MALFORMED


def test_identifiers_go_round():
    assert next_identifier(255) == 0


@given(st.binary(max_size=3000))
def test_attributes_hold_a_packet_in_order(octets):
    attributes = split_message(octets)
    assert all(kind == 79 and 0 < len(value) <= 253 for kind, value in attributes)
    assert join_message(value for _, value in attributes) == octets


@given(st.binary(max_size=40))
def test_any_octets_parse_or_are_malformed(octets):
    try:
        packet = parse_eap(octets)
    except MalformedError:
        return
    assert packet.code in {1, 2, 3, 4}
