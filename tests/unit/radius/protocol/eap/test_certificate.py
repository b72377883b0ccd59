from datetime import UTC, datetime

import pytest

from radius.protocol.eap.certificate import CertificateInside
from radius.protocol.eap.steps import Agreed, CertificateProof, Prove, Send, Verdict
from radius.protocol.eap.tls import PeerCertificate
from radius.protocol.errors import MalformedError

EXPIRES_AT = datetime(2026, 1, 1, tzinfo=UTC)


class Engine:
    def __init__(self, *, is_tls13):
        self.is_tls13 = is_tls13

    def peer_certificate(self):
        return PeerCertificate("d-1", EXPIRES_AT)


def test_tls_1_3_says_success_through_the_tunnel():
    inside = CertificateInside(Engine(is_tls13=True))
    assert inside.begin(None) == Prove(CertificateProof("d-1", EXPIRES_AT))
    assert inside.resolve(Verdict(True)) == Send(b"\0")
    with pytest.raises(MalformedError):
        inside.receive(b"something")
    assert inside.receive(b"") == Agreed(True)


def test_tls_1_2_says_nothing():
    inside = CertificateInside(Engine(is_tls13=False))
    with pytest.raises(MalformedError):
        inside.receive(b"")
    assert inside.resolve(Verdict(True)) == Agreed(True)


@pytest.mark.parametrize("is_tls13", [True, False])
def test_refused(is_tls13):
    assert CertificateInside(Engine(is_tls13=is_tls13)).resolve(Verdict(False)) == Agreed(False)
