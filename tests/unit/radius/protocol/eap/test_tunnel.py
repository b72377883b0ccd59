import pytest
from OpenSSL import SSL

from radius.eap.offers import OfferMaker
from radius.protocol.eap import tunnel
from radius.protocol.eap.conversation import Conversation
from radius.protocol.eap.fragments import ACKNOWLEDGEMENT, START
from radius.protocol.eap.packet import EapType, parse_eap
from radius.protocol.eap.steps import EapFailure, Failed, Finished, Send, Verdict
from radius.protocol.errors import DropReason, MalformedError
from tests.factories.eap import (
    authority,
    client_identity,
    converse,
    device,
    identity_response,
    judge,
    now,
    offers,
    open_conversation,
    server_identity,
)

VERSIONS = pytest.mark.parametrize(
    "newest", [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION], ids=["tls1.2", "tls1.3"]
)


def started(kind=EapType.TTLS, **options):
    method = offers(**options)[kind]()
    assert method.start() == START == b"\x20"
    return method


@VERSIONS
@pytest.mark.parametrize(
    ("identity", "reason"),
    [
        (lambda: client_identity(of=authority("another CA")), EapFailure.CERTIFICATE_UNTRUSTED),
        (lambda: client_identity(issued_at=now().replace(year=2020)), EapFailure.CERTIFICATE_EXPIRED),
        (lambda: client_identity(issued_at=now().replace(year=2099)), EapFailure.CERTIFICATE_EXPIRED),
    ],
    ids=["foreign", "expired", "not yet valid"],
)
def test_a_certificate_that_is_not_good_fails_and_the_device_hears_why(newest, identity, reason):
    peer = device("tls", newest=newest, identity=identity())
    assert converse(open_conversation(), peer) == Failed(reason)
    assert peer.accepted is False


@VERSIONS
def test_a_server_certificate_is_no_device(newest):
    peer = device("tls", newest=newest, identity=server_identity())
    assert converse(open_conversation(), peer) == Failed(EapFailure.CERTIFICATE_UNTRUSTED)


@VERSIONS
def test_no_certificate_at_all(newest):
    from radius.protocol.eap.peer import Device, Peer
    from radius.protocol.eap.tls import TlsClient

    peer = Peer(Device("tls", "anonymous"), TlsClient(authority().certificate_pem, newest=newest))
    assert converse(open_conversation(), peer) == Failed(EapFailure.NO_CERTIFICATE)


@VERSIONS
def test_a_device_that_does_not_trust_us(newest):
    from radius.protocol.eap.peer import Device, Peer
    from radius.protocol.eap.tls import TlsClient

    client = TlsClient(authority("another CA").certificate_pem, newest=newest)
    peer = Peer(Device("ttls-pap", "anonymous", "u", "p"), client)
    assert converse(open_conversation(), peer) == Failed(EapFailure.TLS)


def test_noise_instead_of_tls():
    method = started()
    assert method.receive(b"\0" + b"noise" * 10) == Failed(EapFailure.TLS)


def test_tls_too_old_hears_an_alert_first():
    method = started()
    hello = bytes.fromhex("0301") + bytes(32) + bytes.fromhex("00 0002 002f 01 00")
    handshake = b"\x01" + len(hello).to_bytes(3, "big") + hello
    record = bytes.fromhex("160301") + len(handshake).to_bytes(2, "big") + handshake
    step = method.receive(b"\0" + record)
    assert isinstance(step, Send)
    assert step.octets[1] == 0x15  # a TLS alert
    assert method.receive(ACKNOWLEDGEMENT) == Failed(EapFailure.TLS)


def test_an_empty_message_before_the_handshake():
    assert started().receive(ACKNOWLEDGEMENT) == Failed(EapFailure.TLS)


def test_octets_while_our_fragments_are_under_way_are_dropped():
    method, peer = started(fragment_max=200), device("ttls-pap", newest=SSL.TLS1_2_VERSION)
    hello = peer.receive(bytes.fromhex("01010006") + bytes((EapType.TTLS,)) + START)[5:]
    first = method.receive(hello)
    assert first.octets[0] == 0xC0
    with pytest.raises(MalformedError) as caught:
        method.receive(hello)
    assert caught.value.reason is DropReason.EAP_FRAGMENT
    assert method.receive(ACKNOWLEDGEMENT).octets[0] == 0x40


def test_more_octets_than_any_honest_device_sends(monkeypatch):
    monkeypatch.setattr(tunnel, "MAX_TLS_OCTETS", 1500)
    method = started()
    assert method.receive(b"\x40" + bytes(1000)) == Send(ACKNOWLEDGEMENT)
    assert method.receive(b"\x40" + bytes(1000)) == Failed(EapFailure.TOO_LONG)


def test_nothing_but_the_protected_success_is_said_in_eap_tls():
    seen = []
    step = converse(open_conversation(names=("tls",)), device("tls", newest=SSL.TLS1_2_VERSION), seen=seen)
    assert isinstance(step, Finished)
    assert len(seen) // 2 == 4


def size(seen):
    return sum(map(len, seen))


@VERSIONS
def test_a_certificate_is_sent_once_and_judged_each_time(newest):
    maker = OfferMaker(("tls",), server_identity(), authority().certificate_pem, bytes)
    first, peer, proofs = [], device("tls", newest=newest), []

    def accept(proof):
        proofs.append(proof)
        return judge(proof)

    def log_in(peer, seen, judge=accept):
        return converse(
            Conversation(maker(1000), parse_eap(identity_response())), peer, judge=judge, seen=seen
        )

    assert isinstance(log_in(peer, first), Finished)
    second, again = [], peer.again()
    step = log_in(again, second)
    assert isinstance(step, Finished)
    assert step.msk == again.msk() != peer.msk()
    assert size(second) < size(first) - 500  # no certificates
    assert proofs[0] == proofs[1]
    refused = log_in(again.again(), [], lambda _: Verdict(False))
    assert refused == Failed(EapFailure.REFUSED)


@VERSIONS
def test_without_a_certificate_nothing_is_resumed(newest):
    maker = OfferMaker(("ttls",), server_identity(), authority().certificate_pem, bytes)
    first, second = [], []
    peer = device("ttls-pap", newest=newest)
    for one, seen in ((peer, first), (peer.again(), second)):
        conversation = Conversation(maker(1000), parse_eap(identity_response()))
        assert isinstance(converse(conversation, one, seen=seen), Finished)
        assert conversation.method == "ttls-pap"
