"""Sessions that end elsewhere are ended at their NAS, which pyrad's code plays as an independent judge."""

import asyncio
import socket
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from pyrad.dictionary import Dictionary
from pyrad.packet import CoAPacket

from controller.models import NetSession, RadiusLeg
from controller.sessions import service as sessions
from radius.protocol.dictionary import definitions
from tests.integration.radius import asking
from tests.integration.radius.asking import SECRET, acct, class_of, mab, rows, until


@dataclass
class FakeNas(asyncio.DatagramProtocol):
    """Answers Disconnect-Requests as told; silent if `answer` is None."""

    answer: int | None = 41
    heard: list = field(default_factory=list)
    dictionary: Dictionary = field(default_factory=lambda: Dictionary(str(definitions._DATA)))

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        packet = CoAPacket(secret=SECRET.encode(), dict=self.dictionary, packet=data)
        assert packet.VerifyCoARequest()
        assert packet.verify_message_authenticator()
        self.heard.append({name: packet[name][0] for name in ("Acct-Session-Id", "Calling-Station-Id")})
        if self.answer is not None:
            reply = packet.CreateReply()
            reply.code = self.answer
            self.transport.sendto(reply.ReplyPacket(), addr)


@pytest.fixture
async def nas(monkeypatch):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setattr(asking, "DISCONNECT_PORT", port)
    transport, fake = await asyncio.get_running_loop().create_datagram_endpoint(
        FakeNas, local_addr=("127.0.0.1", port)
    )
    yield fake
    transport.close()


async def online(radius):
    session_class = class_of(await radius.ask("auth", mab()))
    await radius.ask("acct", acct("Start", Class=session_class))
    (session,) = await rows(radius.runtime, NetSession)
    return session


async def end(radius, session):
    async with radius.runtime.db.transaction() as tx:
        await sessions.end(tx, session.id, reason="admin", now=datetime.now(UTC), source="gateway")


async def leg_ended(radius):
    (leg,) = await rows(radius.runtime, RadiusLeg)
    return leg.ended_at is not None


async def test_the_nas_is_told(nas, radius, device):
    await end(radius, await online(radius))
    await until(lambda: leg_ended(radius))
    assert nas.heard == [{"Acct-Session-Id": "A1", "Calling-Station-Id": "02-00-00-00-00-01"}]
    assert radius.metric('kolco_radius_disconnects_total{answer="ack",nas="lo"}') == 1


async def test_a_silent_nas_is_asked_again(nas, radius, device):
    nas.answer = None
    await end(radius, await online(radius))

    async def given_up():
        return radius.metric('kolco_radius_disconnects_total{answer="timeout",nas="lo"}') == 1

    await until(given_up)
    assert len(nas.heard) == 2
    assert not await leg_ended(radius)


async def test_a_nas_that_goes_on_counting_is_told_again(nas, radius, device):
    await end(radius, await online(radius))
    await until(lambda: leg_ended(radius))
    await radius.ask("acct", acct("Interim-Update", Acct_Input_Octets=10, Acct_Session_Time=60))

    async def told_twice():
        return len(nas.heard) == 2

    await until(told_twice)


async def test_a_stop_from_the_nas_itself_is_not_answered_with_a_disconnect(nas, radius, device):
    await online(radius)
    await radius.ask("acct", acct("Stop"))
    await asyncio.sleep(0.3)
    assert nas.heard == []
