"""Both sides of EAP in memory: a server's conversation, a device, and somebody who decides."""

import datetime as dt
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec

from controller.core.pki import CertificateAuthority
from radius.eap.offers import OfferMaker
from radius.protocol.eap.conversation import Conversation
from radius.protocol.eap.mschapv2 import check_mschapv2
from radius.protocol.eap.packet import EapCode, EapType, encode_eap, parse_eap
from radius.protocol.eap.peer import Device, Peer
from radius.protocol.eap.steps import CertificateProof, MsChapV2Proof, Prove, ResumedProof, Send, Verdict
from radius.protocol.eap.tls import TlsClient, TlsIdentity

USERNAME = "d-01j0000000000000000000000a"
PASSWORD = "a random password"
CHALLENGE = bytes(range(16))
NAME = "radius.kolco.test"


@cache
def authority(name="kolco CA"):
    """An authority that lives in memory."""
    from controller.core import pki

    pem = pki._new_authority(name)
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(pem, password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return CertificateAuthority(x509.load_pem_x509_certificate(pem), key)


def now():
    return dt.datetime.now(dt.UTC)


@cache
def server_identity():
    issued = authority().issue_server([NAME], now=now())
    return TlsIdentity(issued.certificate_pem, issued.key_pem)


def client_identity(name=USERNAME, *, of=None, issued_at=None, days=30):
    issued = (of or authority()).issue_client(name, now=issued_at or now(), days=days)
    return TlsIdentity(issued.certificate_pem, issued.key_pem)


def offers(names=("ttls", "peap", "tls"), fragment_max=1000):
    maker = OfferMaker(names, server_identity(), authority().certificate_pem, lambda size: bytes(range(size)))
    return maker(fragment_max)


def identity_response(name="anonymous", identifier=7):
    return encode_eap(EapCode.RESPONSE, identifier, EapType.IDENTITY, name.encode())


def open_conversation(**options):
    return Conversation(offers(**options), parse_eap(identity_response()))


def device(method, *, username=USERNAME, password=PASSWORD, newest=0, identity=None, fragment_max=1000):
    if method == "tls" and identity is None:
        identity = client_identity()
    client = TlsClient(authority().certificate_pem, identity, newest=newest)
    return Peer(Device(method, "anonymous", username, password, CHALLENGE), client, fragment_max=fragment_max)


def judge(proof, *, username=USERNAME, password=PASSWORD):
    """The verdict of somebody who knows one device."""
    if proof.username != username:
        return Verdict(False)
    if isinstance(proof, CertificateProof):
        return Verdict(True)
    if isinstance(proof, MsChapV2Proof):
        result = check_mschapv2(proof, password)
        return Verdict(False) if result is None else Verdict(True, result.attestation, result.keys)
    if isinstance(proof, ResumedProof):
        return Verdict(True)
    return Verdict(proof.password == password)


def converse(conversation, peer, *, judge=judge, seen=None):
    """Run both sides to the end; the last step. `seen` collects the octets of both."""
    step = conversation.open()
    while isinstance(step, (Send, Prove)):
        if isinstance(step, Prove):
            step = conversation.resolve(judge(step.proof))
            continue
        response = peer.receive(step.octets)
        assert response is not None
        if seen is not None:
            seen += [step.octets, response]
        step = conversation.receive(parse_eap(response))
    assert peer.receive(conversation.encode_end(step)) is None
    return step
