import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.mac import Mac
from controller.directory.types import Known, PlanView
from radius.authorize import Accepted
from radius.eap.responder import UNKNOWN_STATE, EapResponder
from radius.eap.sessions import EapSessions
from radius.protocol.attributes import EAP_MESSAGE, SESSION_TIMEOUT, STATE, Code
from radius.protocol.connection import Client
from radius.protocol.eap.packet import EapCode, EapType, encode_eap, join_message, parse_eap, split_message
from radius.protocol.eap.peer import METHODS
from radius.protocol.errors import DropReason, MalformedError, UntrustedError
from radius.protocol.packet import iter_vendor
from radius.question import Method, Refusal, Refused
from radius.reply import HANDED_OVER, Answer, Replies, expand
from radius.session_class import ClassCodec
from tests.factories.eap import device, identity_response, judge, offers
from tests.factories.radius import CLIENT, request

PLAN = PlanView("city", "City", 7200, 600, 86_400, 300, 10_000, 5_000, None, 5)
KNOWN = Known("0" * 26, "1" * 26, Mac("02:00:00:00:00:01"), PLAN, None)


class Server:
    """A responder, and who decides."""

    def __init__(self, most=10, workers=None, **offered):
        self.questions = []
        self.counted = []
        self.sessions = EapSessions(most=most, lifetime_s=60, silent_s=60, abandoned=lambda _: None)
        self.number = 0
        self.sizes = []

        def make(size):
            self.sizes.append(size)
            return offers(fragment_max=size, **offered)

        self.responder = EapResponder(
            make,
            self.sessions,
            self.decide,
            Replies(ClassCodec(bytes(32))).render,
            count=lambda *labels: self.counted.append(labels),
            random_octets=self.random,
            fragment_max=1000,
            **(workers or {}),
        )

    def random(self, size):
        self.number += 1
        return self.number.to_bytes(size, "big")

    def decide(self, question):
        self.questions.append(question)
        verdict = judge(question.proof)
        if not verdict.accepted:
            return Refused(Refusal.WRONG_CREDENTIAL)
        return Accepted(KNOWN, question.method, "2" * 26, 7000, verdict.attestation, verdict.keys)

    async def ask(self, octets, state=None, *, nas=None, now=0.0, **values):
        extra = [*split_message(octets), *([] if state is None else [(STATE, state)])]
        station = "02-00-00-00-00-01"
        asked = request(
            extra=extra, client=nas or CLIENT, received_at=now, Calling_Station_Id=station, **values
        )
        answer = self.responder.answer(asked)
        return answer if isinstance(answer, Answer) else await answer

    async def log_in(self, peer):
        answer = await self.ask(identity_response())
        while answer.code == Code.ACCESS_CHALLENGE:
            answer = await self.ask(peer.receive(message(answer)), state_of(answer))
        peer.receive(message(answer))
        return answer


def message(answer):
    return join_message(value for kind, value in answer.attributes if kind == EAP_MESSAGE)


def state_of(answer):
    return dict(answer.attributes)[STATE]


@pytest.mark.parametrize("method", METHODS)
async def test_an_accept_is_that_of_pap_with_success_and_keys(method):
    server, peer = Server(), device(method)
    answer = await server.log_in(peer)
    assert answer.code == Code.ACCESS_ACCEPT
    attributes = expand(answer.attributes)
    assert dict(attributes)[SESSION_TIMEOUT] == (7000).to_bytes(4, "big")
    vendors = {(vendor, kind) for vendor, kind, _ in iter_vendor(attributes)}
    assert {(311, 16), (311, 17), (14122, 7), (14122, 8)} <= vendors
    assert answer.method == "eap-" + method.partition("-")[0]
    assert peer.accepted
    assert server.counted == [(method, "accept")]
    assert server.questions[0].method is Method[f"EAP_{method.partition('-')[0].upper()}"]
    assert server.questions[0].station == KNOWN.mac
    assert server.questions[0].nas_id == "nas-1"
    assert len(server.sessions) == 0


async def test_a_wrong_password_is_the_decisions_reason():
    server, peer = Server(), device("peap-mschapv2", password="another")
    answer = await server.log_in(peer)
    assert (answer.code, answer.refusal) == (Code.ACCESS_REJECT, "wrong-credential")
    assert [kind for kind, _ in answer.attributes] == [EAP_MESSAGE]
    assert server.counted == [("peap-mschapv2", "reject")]


async def test_a_failure_of_the_protocol_is_its_own_reason():
    server = Server(names=("tls",))
    answer = await server.log_in(device("ttls-pap"))
    assert (answer.code, answer.refusal) == (Code.ACCESS_REJECT, "eap-no-common-method")
    assert server.counted == [("none", "reject")]


async def test_a_nas_that_leaves_it_to_us_to_ask():
    answer = Server().responder.answer(request(extra=[(EAP_MESSAGE, b"")]))
    assert answer.code == Code.ACCESS_CHALLENGE
    assert parse_eap(message(answer)).kind == EapType.IDENTITY


@pytest.mark.parametrize("state", [None, b"", b"never given"])
async def test_an_unknown_state_fails_so_that_the_device_starts_anew(state):
    octets = encode_eap(EapCode.RESPONSE, 44, EapType.TTLS, b"\0")
    answer = await Server().ask(octets, state)
    assert (answer.code, answer.refusal) == (Code.ACCESS_REJECT, UNKNOWN_STATE)
    assert message(answer) == bytes((EapCode.FAILURE, 44, 0, 4))


async def test_another_nas_cannot_go_on_with_a_state():
    server, peer = Server(), device("ttls-pap")
    first = await server.ask(identity_response())
    answer = await server.ask(peer.receive(message(first)), state_of(first), nas=Client("nas-2", (b"s",)))
    assert answer.refusal == UNKNOWN_STATE


async def test_too_late():
    server, peer = Server(), device("ttls-pap")
    first = await server.ask(identity_response())
    answer = await server.ask(peer.receive(message(first)), state_of(first), now=60.0)
    assert answer.refusal == UNKNOWN_STATE


async def test_only_so_many_at_a_time():
    server = Server(most=1)
    await server.ask(identity_response())
    with pytest.raises(UntrustedError) as caught:
        await server.ask(identity_response(), now=1.0)
    assert caught.value.reason is DropReason.EAP_OVERLOAD
    assert (await server.ask(identity_response(), now=61.0)).code == Code.ACCESS_CHALLENGE


@pytest.mark.parametrize(("frame", "size"), [("500", 490), ("9000", 1000), ("64", 128)])
async def test_the_nas_says_how_large_a_packet_may_be(frame, size):
    server = Server()
    await server.ask(identity_response(), Framed_MTU=frame)
    assert server.sizes == [size]


@pytest.mark.parametrize("method", METHODS)
async def test_a_decision_may_take_its_time(method):
    server, peer = Server(), device(method)
    decide = server.decide

    async def decide_later(question):
        await asyncio.sleep(0)
        return decide(question)

    server.responder._decide = decide_later
    assert (await server.log_in(peer)).code == Code.ACCESS_ACCEPT
    assert peer.accepted


def fail(_question):
    raise ConnectionError


async def fail_later(_question):
    raise ConnectionError


@pytest.mark.parametrize("failing", [fail, fail_later])
async def test_when_nobody_can_decide_the_conversation_is_over(failing):
    server, peer = Server(), device("ttls-pap")
    server.responder._decide = failing
    with pytest.raises(ConnectionError):
        await server.log_in(peer)
    assert len(server.sessions) == 0


@given(st.binary(min_size=1, max_size=100))
async def test_whatever_eap_message_holds(octets):
    try:
        answer = await Server().ask(octets, b"state")
    except MalformedError:
        return
    assert answer.code in {Code.ACCESS_REJECT, Code.ACCESS_CHALLENGE}


async def test_a_state_of_another_worker_is_handed_over():
    elsewhere = []

    def hand_over(request, state):
        elsewhere.append(state)
        return state[0] == 2

    server = Server(workers={"state_prefix": b"\1", "hand_over": hand_over})
    first = await server.ask(identity_response())
    assert state_of(first) == b"\1" + bytes(15) + b"\1"
    nak = encode_eap(EapCode.RESPONSE, 1, EapType.NAK, b"\0")
    assert await server.ask(nak, b"\2" + bytes(16)) is HANDED_OVER
    assert (await server.ask(nak, b"\3" + bytes(16))).refusal == UNKNOWN_STATE
    assert elsewhere == [b"\2" + bytes(16), b"\3" + bytes(16)]
