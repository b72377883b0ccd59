"""EAP that reaches the wrong worker: by Unix sockets here, and through two real workers."""

import asyncio
import contextlib
import socket
import time
from collections import Counter

import pytest

from controller.core.errors import UnavailableError
from radius.eap.probe import EapProbe, ask_eap
from radius.protocol.attributes import Code
from radius.protocol.connection import Client, RequestReceived
from radius.protocol.packet import Packet
from radius.workers.handover import Inbox, Outboxes
from tests.integration.radius.asking import MAC, SECRET

SOURCE = ("192.0.2.1", 1645)
CLIENT = Client("ap", (b"s",))
DATAGRAM = bytes(range(100))


@pytest.fixture
def ways():
    """The reading and the writing end of two workers' sockets."""
    with contextlib.ExitStack() as stack:
        yield [
            [stack.enter_context(sock) for sock in socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)]
            for _ in range(2)
        ]


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
    handed = [out.hand_over(request(), b"\1rest") for _ in range(5_000)]
    assert handed[0]
    assert not handed[-1]
    assert counted["full"] == handed.count(False)


async def log_in(crew, method):
    """A login whose NAS sends every request from another port, as `ask_eap` does."""
    ca_pem = (crew.data_dir / "pki" / "ca.crt").read_bytes()
    probe = EapProbe(method, ca_pem, username=crew.device[0], password=crew.device[1], mac=MAC)
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


async def test_a_conversation_whose_worker_died_begins_anew(crew):
    logging_in = asyncio.create_task(log_in(crew, "ttls-pap"))
    await asyncio.sleep(0.02)
    for child in crew.workers():
        child.kill()
    with contextlib.suppress(UnavailableError):  # refused, or it got no answer: as a device sees it
        assert not (await logging_in).answer.accepted
    async with asyncio.timeout(30):
        while await crew.metric("kolco_radius_workers") < 2:
            await asyncio.sleep(0.1)
    assert (await log_in(crew, "ttls-pap")).keys_match
