"""EAP that reaches the wrong worker: by Unix sockets here, and through two real workers."""

import asyncio
import contextlib
import os
import time
from collections import Counter

import pytest

from radius.eap.probe import EapProbe, ask_eap
from radius.protocol.attributes import STATE, Code
from radius.protocol.authenticator import sign_request
from radius.protocol.connection import Client, RequestReceived
from radius.protocol.eap.packet import EapCode, EapType, encode_eap, split_message
from radius.protocol.packet import Packet, parse_packet
from radius.workers.handover import Inbox, Outboxes, make_pair
from tests.eventually import eventually
from tests.integration.radius.asking import MAC, SECRET, exchange

SOURCE = ("192.0.2.1", 1645)
CLIENT = Client("ap", (b"s",))
DATAGRAM = bytes(range(100))


@pytest.fixture
def ways():
    """The reading and the writing end of two workers' sockets."""
    with contextlib.ExitStack() as stack:
        yield [[stack.enter_context(sock) for sock in make_pair()] for _ in range(2)]


def request(client=CLIENT):
    return RequestReceived(Packet(Code.ACCESS_REQUEST, 1, bytes(16), ()), client, SOURCE, b"s", 0.0, DATAGRAM)


def outboxes(ways, counted, table=None):
    sockets = dict(enumerate(writing for _, writing in ways))
    return Outboxes(0, sockets, (table or {SOURCE[0]: CLIENT}).get, lambda word: counted.update([word]))


async def test_the_owner_gets_the_datagram_and_where_it_came_from(ways):
    counted, taken = Counter(), asyncio.Queue()
    inbox = Inbox(
        ways[1][0], lambda *datagram: taken.put_nowait(datagram), lambda word: counted.update([word])
    )
    assert outboxes(ways, counted).hand_over(request(), b"\1rest")
    assert await asyncio.wait_for(taken.get(), 5) == (DATAGRAM, SOURCE)
    inbox.close()
    assert counted == {"sent": 1, "taken": 1}


async def test_nobody_gets_what_is_ours_or_nobodys_or_did_not_come_by_udp(ways):
    counted = Counter()
    out = outboxes(ways, counted)
    assert not out.hand_over(request(), b"\0our own, and over")
    assert not out.hand_over(request(), b"\7nobody's")
    by_certificate = Client("ap", (b"radsec",))
    assert not out.hand_over(request(by_certificate), b"\1rest")
    assert not counted


async def test_an_owner_that_does_not_read_is_given_up(ways):
    counted = Counter()
    out = outboxes(ways, counted)
    handed = [out.hand_over(request(), b"\1rest") for _ in range(20_000)]
    assert all(handed[:100])
    assert not handed[-1]
    assert counted["full"] == handed.count(False)


async def log_in(crew, method):
    """A login whose NAS sends every request from another port."""
    ca_pem = (crew.data_dir / "pki" / "ca.crt").read_bytes()
    probe = EapProbe(method, ca_pem, username=crew.device[0], password=crew.device[1], mac=MAC, wander=True)
    return await ask_eap(
        probe, "127.0.0.1", crew.auth_port, SECRET.encode(), timeout_s=2.0, now=time.perf_counter
    )


async def test_a_nas_that_changes_its_port_all_the_time_logs_in(crew):
    for method in ("ttls-pap", "peap-mschapv2"):
        for _ in range(4):
            ended = await log_in(crew, method)
            assert ended.answer.accepted, await crew.metrics()
            assert ended.keys_match
    shown = await crew.metrics()
    sent = shown['kolco_radius_handed_over_total{outcome="sent"}']
    assert sent > 3
    assert shown['kolco_radius_handed_over_total{outcome="taken"}'] == sent
    assert 'kolco_radius_handed_over_total{outcome="full"}' not in shown


def eap_request(octets, state=()):
    attributes = [(1, b"anonymous"), *state, *split_message(octets)]
    return sign_request(
        Code.ACCESS_REQUEST, 1, attributes, SECRET.encode(), random_authenticator=os.urandom(16)
    )


async def test_a_conversation_whose_worker_died_begins_anew(crew):
    identity = encode_eap(EapCode.RESPONSE, 1, EapType.IDENTITY, b"anonymous")
    (answer,) = await asyncio.to_thread(exchange, crew.auth_port, eap_request(identity))
    state = parse_packet(answer).find(STATE)
    assert state[0] in {0, 1}
    crew.workers()[0].kill()
    crew.workers()[-1].kill()

    async def restarted():
        shown = await crew.metrics()
        deaths = [shown[f'kolco_radius_worker_deaths_total{{worker="{number}"}}'] for number in (0, 1)]
        return deaths == [1, 1] and shown["kolco_radius_workers"] == 2

    await eventually(restarted, within_s=60)
    nak = encode_eap(EapCode.RESPONSE, 2, EapType.NAK, b"\0")
    for _ in range(4):  # from several ports, so to both workers
        (answer,) = await asyncio.to_thread(exchange, crew.auth_port, eap_request(nak, [(STATE, state)]))
        assert parse_packet(answer).code == Code.ACCESS_REJECT
    assert await crew.metric('kolco_radius_refusals_total{reason="eap-unknown-state"}') == 4
    assert (await log_in(crew, "ttls-pap")).keys_match
