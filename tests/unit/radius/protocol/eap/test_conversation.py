import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from OpenSSL import SSL

from radius.protocol.eap.conversation import MAX_ROUNDS, Conversation
from radius.protocol.eap.packet import EapCode, EapPacket, EapType, encode_eap, parse_eap
from radius.protocol.eap.peer import METHODS
from radius.protocol.eap.steps import EapFailure, Failed, Finished, Prove, Send, Verdict
from radius.protocol.errors import DropReason, MalformedError
from tests.factories.eap import converse, device, identity_response, offers, open_conversation

VERSIONS = pytest.mark.parametrize(
    "newest", [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION], ids=["tls1.2", "tls1.3"]
)


@VERSIONS
@pytest.mark.parametrize("method", METHODS)
def test_both_sides_agree_on_the_keys(method, newest):
    conversation, peer = open_conversation(), device(method, newest=newest)
    step = converse(conversation, peer)
    assert isinstance(step, Finished)
    assert len(step.msk) == 64
    assert step.msk == peer.msk()
    assert peer.accepted
    assert conversation.method == method


@VERSIONS
@pytest.mark.parametrize("method", [method for method in METHODS if method != "tls"])
def test_a_wrong_password_is_refused(method, newest):
    conversation, peer = open_conversation(), device(method, newest=newest, password="another")
    assert converse(conversation, peer) == Failed(EapFailure.REFUSED)
    assert peer.accepted is False


@VERSIONS
def test_a_certificate_that_is_not_accepted_is_refused(newest):
    conversation, peer = open_conversation(), device("tls", newest=newest)
    assert converse(conversation, peer, judge=lambda _: Verdict(False)) == Failed(EapFailure.REFUSED)


@pytest.mark.parametrize("method", METHODS)
def test_small_fragments_both_ways(method):
    conversation, peer = open_conversation(fragment_max=130), device(method, fragment_max=120)
    seen = []
    assert isinstance(converse(conversation, peer, seen=seen), Finished)
    assert max(map(len, seen)) <= 140
    assert len(seen) > 20


def test_no_method_in_common():
    conversation = open_conversation(names=("tls",))
    step = conversation.open()
    nak = device("peap-gtc").receive(step.octets)
    assert conversation.receive(parse_eap(nak)) == Failed(EapFailure.NO_COMMON_METHOD)
    assert conversation.method == "none"
    assert conversation.encode_end(Failed(EapFailure.NO_COMMON_METHOD))[0] == EapCode.FAILURE


def test_a_method_is_proposed_once():
    conversation = open_conversation(names=("ttls", "tls"))
    conversation.open()
    again = encode_eap(EapCode.RESPONSE, 8, EapType.NAK, bytes((EapType.TTLS,)))
    assert conversation.receive(parse_eap(again)) == Failed(EapFailure.NO_COMMON_METHOD)


def test_it_opens_with_an_identity():
    with pytest.raises(MalformedError):
        Conversation(offers(), EapPacket(EapCode.RESPONSE, 1, EapType.NAK, b"\x0d"))


@pytest.mark.parametrize(
    "packet",
    [
        EapPacket(EapCode.REQUEST, 8, EapType.TTLS, b"\0"),
        EapPacket(EapCode.RESPONSE, 7, EapType.TTLS, b"\0"),
        EapPacket(EapCode.RESPONSE, 8, EapType.PEAP, b"\0"),
        EapPacket(EapCode.SUCCESS, 8, 0, b""),
    ],
)
def test_what_was_not_asked_for_is_dropped_and_changes_nothing(packet):
    conversation, peer = open_conversation(), device("ttls-pap")
    first = conversation.open()
    with pytest.raises(MalformedError) as caught:
        conversation.receive(packet)
    assert caught.value.reason is DropReason.EAP_UNEXPECTED
    assert isinstance(conversation.receive(parse_eap(peer.receive(first.octets))), Send)


def test_before_the_first_request_nothing_is_taken():
    with pytest.raises(MalformedError):
        open_conversation().receive(parse_eap(identity_response()))


def test_no_verdict_without_a_proof():
    with pytest.raises(RuntimeError):
        open_conversation().resolve(Verdict(True))


def test_while_a_verdict_is_awaited_nothing_is_taken():
    conversation, peer = open_conversation(), device("ttls-pap")
    step = conversation.open()
    while not isinstance(step, Prove):
        response = parse_eap(peer.receive(step.octets))
        step = conversation.receive(response)
    with pytest.raises(MalformedError):
        conversation.receive(response)


def test_endless_rounds_end():
    conversation, peer = open_conversation(fragment_max=16), device("ttls-pap")
    step, rounds = conversation.open(), 1
    while isinstance(step, Send):
        step = conversation.receive(parse_eap(peer.receive(step.octets)))
        rounds += 1
    assert step == Failed(EapFailure.TOO_LONG)
    assert rounds == MAX_ROUNDS + 1


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    method=st.sampled_from(METHODS),
    at=st.integers(0, 8),
    position=st.integers(0, 2000),
    octets=st.binary(min_size=1, max_size=64),
)
def test_whatever_a_device_says_the_conversation_ends_or_drops_it(method, at, position, octets):
    conversation, peer = open_conversation(), device(method)
    step, rounds = conversation.open(), 0
    while isinstance(step, (Send, Prove)):
        if isinstance(step, Prove):
            step = conversation.resolve(Verdict(False))
            continue
        try:
            response = peer.receive(step.octets) or b""
            if rounds == at:
                where = 5 + position % max(1, len(response) - 5)
                response = response[:where] + octets + response[where + len(octets) :]
                response = response[:2] + len(response).to_bytes(2, "big") + response[4:]
            rounds += 1
            step = conversation.receive(parse_eap(response))
        except MalformedError:
            return
    assert isinstance(step, Failed)
