import pytest
from hypothesis import given
from hypothesis import strategies as st

from radius.protocol.attributes import Code
from radius.protocol.eap.keys import read_mppe_keys
from radius.protocol.eap.mschapv2 import attest, check_mschapv2, respond
from radius.protocol.errors import DropReason, MalformedError
from radius.protocol.mschap import (
    encode_error,
    encode_proof,
    encode_success,
    find_attestation,
    find_mschapv2,
)
from radius.protocol.packet import Packet, encode_vendor, iter_vendor
from tests.factories.radius import AUTHENTICATOR, SECRET, attributes

CHALLENGE, PEER = bytes(range(16)), bytes(range(16, 32))
PROOF = respond("d-1", CHALLENGE, PEER, "password")


def packet(*more, name="d-1"):
    return Packet(Code.ACCESS_REQUEST, 1, AUTHENTICATOR, (*attributes(User_Name=name), *more))


@pytest.mark.parametrize("name", ["d-1", "CITY\\d-1"])
def test_what_is_said_is_read(name):
    asked = find_mschapv2(packet(*encode_proof(9, PROOF), name=name))
    assert (asked.identifier, asked.proof) == (9, PROOF)
    assert check_mschapv2(asked.proof, "password") is not None


def test_no_mschap_is_nothing_to_say():
    assert find_mschapv2(packet()) is None
    assert find_mschapv2(packet(encode_vendor(311, 11, CHALLENGE))) is None


@pytest.mark.parametrize(
    "more",
    [
        [encode_vendor(311, 25, bytes(50))],
        [encode_vendor(311, 25, bytes(49)), encode_vendor(311, 11, CHALLENGE)],
        [encode_vendor(311, 25, bytes(50)), encode_vendor(311, 11, CHALLENGE[:8])],
    ],
    ids=["no challenge", "short response", "short challenge"],
)
def test_what_cannot_be_one(more):
    with pytest.raises(MalformedError) as caught:
        find_mschapv2(packet(*more))
    assert caught.value.reason is DropReason.BAD_ATTRIBUTE


def test_success_shows_that_the_password_is_known_and_gives_the_keys():
    asked, result = find_mschapv2(packet(*encode_proof(9, PROOF))), attest(PROOF, "password")
    told = encode_success(asked, result, SECRET, AUTHENTICATOR, bytes(4))
    assert find_attestation(Packet(Code.ACCESS_ACCEPT, 1, bytes(16), tuple(told))) == (9, result.attestation)
    assert read_mppe_keys(told, SECRET, AUTHENTICATOR) == result.keys
    assert find_attestation(packet()) == (0, "")


def test_an_error_allows_no_retry():
    asked = find_mschapv2(packet(*encode_proof(9, PROOF)))
    ((vendor, kind, value),) = iter_vendor([encode_error(asked)])
    assert (vendor, kind, value[0]) == (311, 2, 9)
    assert value[1:] == b"E=691 R=0 C=" + CHALLENGE.hex().upper().encode() + b" V=3 M=refused"


@given(st.binary(max_size=60), st.binary(max_size=20))
def test_whatever_is_said(response, challenge):
    try:
        find_mschapv2(packet(encode_vendor(311, 25, response), encode_vendor(311, 11, challenge)))
    except MalformedError:
        return
