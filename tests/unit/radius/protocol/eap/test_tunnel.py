import pytest
from OpenSSL import SSL

from radius.eap.offers import OfferMaker
from radius.protocol.eap import tunnel
from radius.protocol.eap.conversation import Conversation
from radius.protocol.eap.fragments import ACKNOWLEDGEMENT, START
from radius.protocol.eap.packet import EapType, parse_eap
from radius.protocol.eap.peer import METHODS
from radius.protocol.eap.steps import EapFailure, Failed, Finished, ResumedProof, Send, Verdict
from radius.protocol.errors import DropReason, MalformedError
from tests.factories.eap import (
    USERNAME,
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


class Logins:
    """A server that remembers sessions, and what it was asked and what was said at the last login."""

    def __init__(self, *names, resumed_for_s=7200):
        ca_pem = authority().certificate_pem
        self.maker = OfferMaker(names, server_identity(), ca_pem, bytes, resumed_for_s=resumed_for_s)
        self.proofs = []
        self.method = ""
        self.octets = self.rounds = 0

    def __call__(self, peer, judge=judge):
        def remember(proof):
            self.proofs.append(proof)
            return judge(proof)

        conversation, seen = Conversation(self.maker(1000), parse_eap(identity_response())), []
        step = converse(conversation, peer, judge=remember, seen=seen)
        self.method, self.octets, self.rounds = conversation.method, sum(map(len, seen)), len(seen) // 2
        return step


@VERSIONS
def test_a_certificate_is_sent_once_and_judged_each_time(newest):
    log_in, peer = Logins("tls"), device("tls", newest=newest)
    assert isinstance(log_in(peer), Finished)
    octets, again = log_in.octets, peer.again()
    step = log_in(again)
    assert isinstance(step, Finished)
    assert step.msk == again.msk() != peer.msk()
    assert again.resumed
    assert log_in.octets < octets - 500  # no certificates
    assert log_in.proofs[0] == log_in.proofs[1]
    assert log_in(again.again(), lambda _: Verdict(False)) == Failed(EapFailure.REFUSED)


RESUMABLE = pytest.mark.parametrize(
    ("method", "newest"),
    [
        (method, newest)
        for method in METHODS
        for newest in (SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION)
        if method != "tls" and (method, newest) != ("ttls-pap", SSL.TLS1_3_VERSION)
    ],
)


@RESUMABLE
def test_a_session_is_resumed_again_and_again_without_a_password_and_judged_each_time(method, newest):
    log_in, peer = Logins("ttls", "peap"), device(method, newest=newest)
    assert isinstance(log_in(peer), Finished)
    rounds = log_in.rounds
    assert not peer.resumed
    for _ in range(3):
        former, peer = peer, peer.again()
        step = log_in(peer)
        assert isinstance(step, Finished)
        assert step.msk == peer.msk() != former.msk()
        assert peer.resumed
        assert log_in.proofs[-1] == ResumedProof(USERNAME)
        assert log_in.method == method.partition("-")[0] + "-resumed"
        assert log_in.rounds <= rounds


@RESUMABLE
def test_whoever_is_refused_cannot_resume(method, newest):
    log_in, peer = Logins("ttls", "peap"), device(method, newest=newest)
    assert isinstance(log_in(peer), Finished)
    revoked = peer.again()
    assert log_in(revoked, lambda _: Verdict(False)) == Failed(EapFailure.REFUSED)
    assert revoked.resumed
    assert revoked.accepted is False


@RESUMABLE
def test_a_login_that_was_refused_leaves_nothing_to_resume(method, newest):
    log_in, peer = Logins("ttls", "peap"), device(method, newest=newest, password="another")
    assert log_in(peer) == Failed(EapFailure.REFUSED)
    assert not isinstance(log_in(peer.again()), Finished)
    assert not any(isinstance(proof, ResumedProof) for proof in log_in.proofs)


@VERSIONS
@pytest.mark.parametrize("method", ["ttls-mschapv2", "peap-mschapv2"])
def test_a_session_of_another_worker_is_not_resumed(method, newest):
    log_in, elsewhere, peer = Logins("ttls", "peap"), Logins("ttls", "peap"), device(method, newest=newest)
    assert isinstance(log_in(peer), Finished)
    again = peer.again()
    assert isinstance(elsewhere(again), Finished)
    assert not again.resumed
    assert elsewhere.method == method


@VERSIONS
def test_no_round_is_spent_on_tickets(newest):
    log_in, peer = Logins("ttls"), device("ttls-pap", newest=newest)
    rounds = []
    for _ in range(2):
        assert isinstance(log_in(peer), Finished)
        rounds.append(log_in.rounds)
        peer = peer.again()
    assert rounds == ([3, 2] if newest == SSL.TLS1_2_VERSION else [4, 4])
    assert len(log_in.maker._ttls_resumptions) == (1 if newest == SSL.TLS1_2_VERSION else 0)


@VERSIONS
@pytest.mark.parametrize("method", ["tls", "ttls-mschapv2", "peap-gtc"])
def test_resumption_can_be_off(method, newest):
    log_in, peer = Logins("ttls", "peap", "tls", resumed_for_s=0), device(method, newest=newest)
    for _ in range(2):
        assert isinstance(log_in(peer), Finished)
        assert log_in.method == method
        assert not peer.resumed
        peer = peer.again()


@VERSIONS
@pytest.mark.parametrize("method", ["peap-mschapv2", "peap-gtc"])
def test_a_device_that_does_not_answer_the_binding_has_the_tunnels_keys(newest, method):
    log_in, peer = Logins("peap"), device(method, newest=newest)
    peer._inside._binds = False
    step = log_in(peer)
    assert isinstance(step, Finished)
    assert step.msk == peer.msk()
    bound = device(method, newest=newest)
    assert log_in(bound).msk == bound.msk()
    assert bound._inside.msk()
    assert not peer._inside.msk()
