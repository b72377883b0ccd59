import pytest
from hypothesis import given
from hypothesis import strategies as st

from radius.protocol.eap.inner import Ask, InnerEap, encode_mschapv2, encode_response, read_response
from radius.protocol.eap.mschapv2 import attest, respond
from radius.protocol.eap.packet import EapCode, EapPacket, EapType
from radius.protocol.eap.steps import Agreed, PasswordProof, Prove, Verdict
from radius.protocol.errors import MalformedError

CHALLENGE = bytes(range(16))


def said(kind, data=b""):
    return EapPacket(EapCode.RESPONSE, 1, kind, data)


def asked_for_mschapv2():
    eap = InnerEap(CHALLENGE)
    ask = eap.receive(said(EapType.IDENTITY, b"user"))
    assert ask == Ask(EapType.MSCHAPV2, bytes.fromhex("0101001a10") + CHALLENGE + b"kolco")
    return eap


def mschapv2(name=b"CITY\\user"):
    proof = respond("user", CHALLENGE, bytes(16), "password")
    data = b"\x31" + encode_response(proof) + b"\0" + name
    return proof, said(EapType.MSCHAPV2, encode_mschapv2(2, data).data)


def test_mschapv2_right():
    eap = asked_for_mschapv2()
    proof, response = mschapv2()
    assert eap.receive(response) == Prove(proof)
    assert eap.method == "mschapv2"
    attestation = attest(proof, "password")
    success = eap.resolve(Verdict(True, attestation))
    assert success.data[4:] == f"{attestation} M=OK".encode()
    assert eap.receive(said(EapType.MSCHAPV2, b"\x03")) == Agreed(True)


def test_mschapv2_wrong():
    eap = asked_for_mschapv2()
    eap.receive(mschapv2()[1])
    failure = eap.resolve(Verdict(False))
    assert failure.data[:1] == b"\x04"
    assert failure.data[4:].startswith(b"E=691 R=0 C=000102")
    assert eap.receive(said(EapType.MSCHAPV2, b"\x04")) == Agreed(False)


def test_a_device_that_does_not_believe_us_is_not_let_in():
    eap = asked_for_mschapv2()
    eap.receive(mschapv2()[1])
    eap.resolve(Verdict(True, "S="))
    assert eap.receive(said(EapType.MSCHAPV2, b"\x04")) == Agreed(False)


def test_without_a_name_the_identity_is_meant():
    eap = asked_for_mschapv2()
    assert eap.receive(mschapv2(b"")[1]).proof.username == "user"


def test_gtc_if_the_device_wants_it():
    eap = asked_for_mschapv2()
    assert eap.receive(said(EapType.NAK, bytes((EapType.GTC,)))) == Ask(EapType.GTC, b"Password")
    assert eap.receive(said(EapType.GTC, b"secret")) == Prove(PasswordProof("user", "secret"))
    assert eap.method == "gtc"
    assert eap.resolve(Verdict(True)) == Agreed(True)


@pytest.mark.parametrize(
    "packet",
    [
        said(EapType.NAK, b"\x04"),
        said(EapType.NAK, bytes((EapType.MSCHAPV2,))),
        said(EapType.GTC, b"secret"),
        said(EapType.MSCHAPV2, b""),
        said(EapType.MSCHAPV2, b"\x02\x01\x00\x36\x30" + bytes(60)),
        said(EapType.MSCHAPV2, b"\x02\x01\x00\x36\x31" + bytes(48)),
        said(EapType.MSCHAPV2, b"\x03"),
    ],
)
def test_what_does_not_fit(packet):
    with pytest.raises(MalformedError):
        asked_for_mschapv2().receive(packet)


def test_a_response_there_and_back():
    proof = respond("user", CHALLENGE, bytes(16), "password")
    assert read_response("user", CHALLENGE, encode_response(proof)) == proof


@given(st.lists(st.tuples(st.sampled_from([1, 3, 6, 26, 33, 4]), st.binary(max_size=80)), max_size=6))
def test_whatever_is_said(packets):
    eap = InnerEap(CHALLENGE)
    for kind, data in packets:
        try:
            step = eap.receive(said(kind, data))
        except MalformedError:
            return
        if isinstance(step, Prove):
            step = eap.resolve(Verdict(False))
        assert step != Agreed(True)
