"""The whole way of a device: EAP, then the NAS counts; and what a hostile device can do on the wire."""

import asyncio
import random
import time

from controller.models import NetSession
from radius.client import fresh_authenticator
from radius.eap.probe import EapProbe, ask_eap
from radius.protocol.attributes import EAP_MESSAGE, STATE, Code
from radius.protocol.authenticator import sign_request
from radius.protocol.eap.packet import EapCode, EapType, encode_eap, split_message
from radius.protocol.packet import encode_packet, parse_packet
from tests.integration.radius.asking import AP, MAC, SECRET, acct, exchange, rows


async def log_in(device, radius, method="ttls-pap"):
    ca_pem = (radius.runtime.data_dir / "pki" / "ca.crt").read_bytes()
    probe = EapProbe(method, ca_pem, username=device[1], password=device[2], mac=MAC, called=AP)
    ended = await ask_eap(
        probe, "127.0.0.1", radius.auth_port, SECRET.encode(), timeout_s=1.0, now=time.perf_counter
    )
    assert ended.keys_match
    return dict(ended.answer.attributes)


async def test_accounting_begins_the_session_that_eap_promised(device, radius):
    accepted = await log_in(device, radius)
    output = await radius.ask("acct", acct("Start", Class=accepted["Class"], Called_Station_Id=f'"{AP}"'))
    assert "Accounting-Response" in output
    (session,) = await rows(radius.runtime, NetSession)
    assert (session.method, session.mac, session.ssid) == ("radius-ttls", MAC, "City")
    # A device that roams logs in again; its session goes on.
    await log_in(device, radius, "peap-mschapv2")
    assert len(await rows(radius.runtime, NetSession)) == 1


def request(number, octets, state=None):
    extra = [] if state is None else [(STATE, state)]
    attributes = [(1, b"anonymous"), *extra, *split_message(octets)]
    return sign_request(
        Code.ACCESS_REQUEST,
        number % 256,
        attributes,
        SECRET.encode(),
        random_authenticator=fresh_authenticator(),
    )


async def test_a_hostile_device_neither_stops_the_server_nor_gets_in(device, radius):

    dice = random.Random(7)
    identity = encode_eap(EapCode.RESPONSE, 1, EapType.IDENTITY, b"anonymous")
    port = radius.auth_port

    def attack():
        codes = set()
        state = None
        for number in range(400):
            kind = dice.choice([EapType.TTLS, EapType.PEAP, EapType.TLS, EapType.NAK, 4, 254])
            junk = bytes((2, 2, 0, 0, kind)) + dice.randbytes(dice.randrange(40))
            junk = junk[:2] + len(junk).to_bytes(2, "big") + junk[4:]
            octets = identity if number % 4 == 0 else junk
            (answer,) = exchange(port, request(number, octets, None if number % 4 == 0 else state), 0.02)
            if answer is not None:
                packet = parse_packet(answer)
                codes.add(packet.code)
                state = packet.find(STATE) or state
                assert packet.find(EAP_MESSAGE) is not None
        return codes

    assert await asyncio.to_thread(attack) == {Code.ACCESS_CHALLENGE, Code.ACCESS_REJECT}
    assert radius.metric('kolco_radius_dropped_total{nas="lo",reason="eap-unexpected"}') > 0
    assert radius.metric('kolco_radius_dropped_total{nas="lo",reason="failed"}') == 0
    await log_in(device, radius)


async def test_eap_without_a_message_authenticator_is_never_answered(radius):

    identity = encode_eap(EapCode.RESPONSE, 1, EapType.IDENTITY, b"anonymous")
    data = encode_packet(Code.ACCESS_REQUEST, 9, bytes(16), split_message(identity))
    assert await asyncio.to_thread(exchange, radius.auth_port, data, 0.1) == [None]
    assert radius.metric('kolco_radius_dropped_total{nas="lo",reason="no-message-authenticator"}') == 1
