"""A NAS that pyrad's code plays, as an independent judge of what it is sent."""

import asyncio
import socket
from dataclasses import dataclass, field

import pytest
from pyrad.dictionary import Dictionary
from pyrad.packet import CoAPacket

from controller.models import NetSession, RadiusLeg
from radius.protocol.dictionary import definitions
from radius.served.change import Changer
from radius.served.disconnect import Disconnector
from tests.eventually import eventually
from tests.integration.radius import asking
from tests.integration.radius.asking import SECRET, acct, class_of, mab, rows

ACK, NAK, COA_ACK, COA_NAK = 41, 42, 44, 45


@dataclass
class FakeNas(asyncio.DatagramProtocol):
    """Answers Disconnect- and CoA-Requests as told; silent if the answer is None.

    `error_cause` goes into NAKs; `knows` are names of attributes it takes a session by, all if empty.
    """

    answer: int | None = ACK
    coa_answer: int | None = COA_ACK
    error_cause: int | None = None
    knows: frozenset = frozenset()
    heard: list = field(default_factory=list)
    changes: list = field(default_factory=list)
    dictionary: Dictionary = field(default_factory=lambda: Dictionary(str(definitions._DATA)))

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        packet = CoAPacket(secret=SECRET.encode(), dict=self.dictionary, packet=data)
        assert packet.VerifyCoARequest()
        assert packet.verify_message_authenticator()
        shown = {name: packet[name][0] for name in packet.keys() if isinstance(name, str)}  # noqa: SIM118
        shown.pop("Message-Authenticator")
        assert shown.pop("Event-Timestamp")
        is_change = packet.code == 43
        (self.changes if is_change else self.heard).append(shown)
        answer = self.coa_answer if is_change else self.answer
        if answer == ACK and self.knows and not set(shown) <= self.knows:
            answer = NAK
        if answer is not None:
            reply = packet.CreateReply()
            reply.code = answer
            if answer in {NAK, COA_NAK} and self.error_cause is not None:
                reply["Error-Cause"] = self.error_cause
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


@pytest.fixture
def requested(monkeypatch):
    """The sessions whose NASes are to be told to end them, as they come."""
    sessions, request = [], Disconnector.request

    def noted(self, session_id):
        sessions.append(session_id)
        request(self, session_id)

    monkeypatch.setattr(Disconnector, "request", noted)
    return sessions


@pytest.fixture
def changer(monkeypatch):
    """What the changer has done: it `read` what sessions are let in by, it `looked` at those concerned."""
    done = []

    def noted(method, word):
        async def run(self, *arguments, **options):
            got = await method(self, *arguments, **options)
            done.append(word)
            return got

        return run

    monkeypatch.setattr(Changer, "_read", noted(Changer._read, "read"))
    monkeypatch.setattr(Changer, "_change_all", noted(Changer._change_all, "looked"))
    return done


@pytest.fixture
def online(radius):
    """Bring the device online over RADIUS; gives its session."""

    async def bring():
        session_class = class_of(await radius.ask("auth", mab()))
        await radius.ask("acct", acct("Start", Class=session_class))
        await eventually(lambda: is_there(radius))
        (session,) = await rows(radius.runtime, NetSession)
        return session

    return bring


async def is_there(radius):
    return len(await rows(radius.runtime, RadiusLeg)) == 1


async def leg_ended(radius):
    (leg,) = await rows(radius.runtime, RadiusLeg)
    return leg.ended_at is not None
