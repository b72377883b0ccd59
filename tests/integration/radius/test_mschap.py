"""MSCHAPv2 in RADIUS itself: the very same answer as FreeRADIUS gives."""

import asyncio

import pytest

from radius.client import fresh_authenticator
from radius.protocol.attributes import USER_NAME, Code
from radius.protocol.authenticator import sign_request
from radius.protocol.eap.keys import read_mppe_keys
from radius.protocol.eap.mschapv2 import respond
from radius.protocol.mschap import encode_proof, find_attestation
from radius.protocol.packet import parse_packet
from tests.integration.radius.asking import SECRET, exchange
from tests.peers.freeradius import FreeRadiusPlan, freeradius

CHALLENGES = bytes(range(16)), bytes(range(16, 32))


def ask(port, secret, username, password, name=None):
    authenticator = fresh_authenticator()
    attributes = [
        (USER_NAME, (name or username).encode()),
        *encode_proof(7, respond(username, *CHALLENGES, password)),
    ]
    data = sign_request(
        Code.ACCESS_REQUEST, 1, attributes, secret.encode(), random_authenticator=authenticator
    )
    (answer,) = exchange(port, data)
    packet = parse_packet(answer)
    return packet, read_mppe_keys(packet.attributes, secret.encode(), authenticator)


async def test_accepts_are_those_of_freeradius(device, radius):
    _, username, password = device
    ours, our_keys = await asyncio.to_thread(ask, radius.auth_port, SECRET, username, password)
    with freeradius(FreeRadiusPlan(users=[(username, password)])) as peer:
        theirs, their_keys = await asyncio.to_thread(ask, peer.auth_port, peer.secret, username, password)
    assert (ours.code, theirs.code) == (Code.ACCESS_ACCEPT, Code.ACCESS_ACCEPT)
    assert find_attestation(ours) == find_attestation(theirs)
    assert find_attestation(ours)[0] == 7
    assert our_keys == their_keys
    assert len(our_keys) == 32


@pytest.mark.parametrize("prefix", ["", "CITY\\"])
async def test_a_domain_before_the_name(device, radius, prefix):
    _, username, password = device
    packet, _ = await asyncio.to_thread(
        ask, radius.auth_port, SECRET, username, password, f"{prefix}{username}"
    )
    assert packet.code == Code.ACCESS_ACCEPT


async def test_a_refusal_says_so_as_ppp_does(device, radius):
    packet, keys = await asyncio.to_thread(ask, radius.auth_port, SECRET, device[1], "another")
    assert packet.code == Code.ACCESS_REJECT
    assert keys == b""
    assert packet.find_vendor(311, 2).startswith(b"\7E=691 R=0 C=")
    assert radius.metric('kolco_radius_refusals_total{reason="wrong-credential"}') == 1
