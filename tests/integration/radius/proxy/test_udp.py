"""A home server over UDP that loses, forges and is away; it is one of our own making."""

import asyncio
import secrets
import time
from hashlib import md5

import pytest

from radius.protocol.attributes import Code
from radius.protocol.authenticator import sign_reply
from radius.protocol.errors import DropReason
from radius.protocol.packet import encode_packet, parse_packet
from radius.proxy.hidden import Key
from radius.proxy.rewrite import Forwarded
from radius.proxy.types import Home, NoAnswerError, Timing
from radius.proxy.udp import UdpLink
from tests.eventually import eventually

SECRET = b"the home server's secret"
TIMING = Timing(response_s=0.6, retransmit_s=0.1, probe_s=0.1, revive_s=0.5)
REQUEST = Forwarded(Code.ACCESS_REQUEST, ((1, b"u@home.example"), (33, b"mark")), Key(b"s", bytes(16)))


class HomeServer(asyncio.DatagramProtocol):
    """Answers with what `answers` makes of a request: a list of datagrams."""

    def __init__(self):
        self.received = []
        self.answers = self.accept

    def connection_made(self, transport):
        self.transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data, addr):
        self.received.append(data)
        for answer in self.answers(data):
            self.transport.sendto(answer, addr)

    def accept(self, data, secret=SECRET):
        request = parse_packet(data)
        states = [one for one in request.attributes if one[0] == 33]
        return [sign_reply(Code.ACCESS_ACCEPT, request, [(25, b"class"), *states], secret)]

    def silence(self, _data):
        return []


@pytest.fixture
async def server():
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
        HomeServer, local_addr=("127.0.0.1", 0)
    )
    yield server
    transport.close()


@pytest.fixture
async def connect(server):
    links = []

    def make(*, require=True, status_server=True, host="127.0.0.1", timing=TIMING):
        home = Home("home", "udp", host, server.port, 0, SECRET, "", require, False, status_server)
        link = UdpLink(
            home, server.port, timing, monotonic=time.monotonic, random_octets=secrets.token_bytes,
            ignored=ignored.append,
        )  # fmt: skip
        links.append(link)
        return link

    ignored = make.ignored = []
    yield make
    for link in links:
        await link.close()


async def test_a_reply_is_believed_and_requests_begin_with_message_authenticator(server, connect):
    reply = await connect().exchange(REQUEST, 2)
    assert reply.packet.find_all(25) == [b"class"]
    assert parse_packet(server.received[0]).attributes[0][0] == 80


async def test_what_is_lost_is_sent_again_the_same(server, connect):
    lost = []

    def lose_two(data):
        lost.append(data)
        return server.accept(data) if len(lost) > 2 else []

    server.answers = lose_two
    link = connect()
    await link.exchange(REQUEST, 2)
    assert len(server.received) == 3
    assert len(set(server.received)) == 1
    assert link.up


async def test_forged_replies_are_ignored_and_touch_no_timer(server, connect):
    def forge(data):
        request = parse_packet(data)
        unsigned = encode_packet(Code.ACCESS_ACCEPT, request.identifier, bytes(16), [(33, b"mark")])
        unasked = sign_reply(Code.ACCESS_ACCEPT, request, [], SECRET)
        other = bytes((2, request.identifier ^ 1)) + unasked[2:]
        return [b"x", unsigned, *server.accept(data, b"another secret"), unasked, other]

    server.answers = forge
    link = connect()
    with pytest.raises(NoAnswerError):
        await link.exchange(REQUEST, 0.65)
    assert not link.up
    assert len(server.received) >= 3
    assert set(connect.ignored) == {
        DropReason.SHORT,
        DropReason.NO_MESSAGE_AUTHENTICATOR,
        DropReason.BAD_AUTHENTICATOR,
        DropReason.PROXY_STATE,
        DropReason.UNEXPECTED_REPLY,
    }


async def test_an_old_server_without_message_authenticator_may_be_allowed(server, connect):
    def unsigned(data):
        (signed,) = server.accept(data)
        request = parse_packet(data)
        attributes = [one for one in parse_packet(signed).attributes if one[0] != 80]
        plain = encode_packet(Code.ACCESS_ACCEPT, request.identifier, request.authenticator, attributes)
        return [plain[:4] + md5(plain + SECRET).digest() + plain[20:]]

    server.answers = unsigned
    with pytest.raises(NoAnswerError):
        await connect().exchange(REQUEST, 0.3)
    assert (await connect(require=False).exchange(REQUEST, 1)).packet.code == Code.ACCESS_ACCEPT


async def test_who_is_down_is_asked_with_status_server_until_it_answers(server, connect):
    server.answers = server.silence
    link = connect()
    with pytest.raises(NoAnswerError):
        await link.exchange(REQUEST, 0.7)
    assert not link.up

    async def probed():
        return sum(data[0] == Code.STATUS_SERVER for data in server.received) >= 2

    await eventually(probed)
    server.answers = server.accept

    async def up():
        return link.up

    await eventually(up, within_s=2)


async def test_who_knows_no_status_server_is_tried_again_later(server, connect):
    server.answers = server.silence
    link = connect(status_server=False)
    with pytest.raises(NoAnswerError):
        await link.exchange(REQUEST, 0.7)
    assert not link.up
    await eventually(lambda: link.up)
    assert all(data[0] == Code.ACCESS_REQUEST for data in server.received)


async def test_an_unknown_host_is_no_answer(connect):
    link = connect(host="no-such-host.invalid", status_server=False)
    with pytest.raises(NoAnswerError):
        await link.exchange(REQUEST, 1)
    assert not link.up


async def test_a_thousand_at_a_time(server, connect):
    link = connect(timing=Timing(response_s=10, retransmit_s=1))
    replies = await asyncio.gather(*(link.exchange(REQUEST, 20) for _ in range(1_000)))
    assert len(replies) == 1_000


async def test_more_than_sockets_hold_is_refused_not_queued(server, connect):
    server.answers = server.silence
    link = connect(timing=Timing(response_s=30, retransmit_s=30))
    asked = [asyncio.create_task(link.exchange(REQUEST, 30)) for _ in range(16 * 256)]

    async def full():
        return sum(len(sock.table) for sock in link._sockets) == len(asked)

    await eventually(full)
    async with asyncio.timeout(1):
        with pytest.raises(NoAnswerError):
            await link.exchange(REQUEST, 30)
    assert link.up
    for task in asked:
        task.cancel()
    await asyncio.gather(*asked, return_exceptions=True)
    assert not any(len(sock.table) for sock in link._sockets)
