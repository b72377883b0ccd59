import pytest
from hypothesis import given
from hypothesis import strategies as st

from radius.protocol.eap.avp import Avp, encode_avp, parse_avps
from radius.protocol.eap.inner import encode_response
from radius.protocol.eap.mschapv2 import respond
from radius.protocol.eap.packet import EapCode, EapType, encode_eap, parse_eap
from radius.protocol.eap.steps import Agreed, PasswordProof, Prove, Send, Verdict
from radius.protocol.eap.ttls import TtlsInside
from radius.protocol.errors import MalformedError

DERIVED = bytes(range(100, 117))
USER = encode_avp(Avp(1, 0, b"user"))


class Engine:
    def export(self, label, length, context):
        assert (label, length, context) == (b"ttls challenge", 17, None)
        return DERIVED


def inside():
    inside = TtlsInside(Engine(), bytes(16))
    assert inside.begin(None) is None
    assert inside.name == "ttls"
    return inside


def chap(challenge=DERIVED[:16], identifier=DERIVED[16:], size=50):
    proof = respond("user", challenge, bytes(16), "password")
    value = (identifier + b"\0" + encode_response(proof))[:size]
    avps = encode_avp(Avp(11, 311, challenge)) + encode_avp(Avp(25, 311, value))
    return proof, USER + avps


def test_pap_without_its_padding():
    ttls = inside()
    step = ttls.receive(USER + encode_avp(Avp(2, 0, b"secret" + bytes(10))))
    assert step == Prove(PasswordProof("user", "secret"))
    assert ttls.name == "ttls-pap"
    assert ttls.resolve(Verdict(True)) == Agreed(True)


def test_mschapv2_answers_the_challenge_of_the_tunnel():
    ttls = inside()
    proof, said = chap()
    assert ttls.receive(said) == Prove(proof)
    assert ttls.name == "ttls-mschapv2"
    step = ttls.resolve(Verdict(True, "S=" + "A" * 40))
    assert parse_avps(step.octets) == [Avp(26, 311, DERIVED[16:] + b"S=" + b"A" * 40)]
    assert ttls.receive(b"") == Agreed(True)


def test_mschapv2_refused_says_nothing():
    ttls = inside()
    ttls.receive(chap()[1])
    assert ttls.resolve(Verdict(False)) == Agreed(False)


def test_eap_with_gtc():
    ttls = inside()

    def say(identifier, kind, data):
        packet = encode_eap(EapCode.RESPONSE, identifier, kind, data)
        return ttls.receive(encode_avp(Avp(79, 0, packet)))

    asked = parse_eap(parse_avps(say(5, EapType.IDENTITY, b"user").octets)[0].value)
    assert (asked.code, asked.identifier, asked.kind) == (EapCode.REQUEST, 6, EapType.MSCHAPV2)
    asked = parse_eap(parse_avps(say(6, EapType.NAK, b"\x06").octets)[0].value)
    assert (asked.identifier, asked.kind) == (7, EapType.GTC)
    with pytest.raises(MalformedError):
        say(6, EapType.GTC, b"secret")
    assert say(7, EapType.GTC, b"secret") == Prove(PasswordProof("user", "secret"))
    assert ttls.name == "ttls-gtc"
    assert ttls.resolve(Verdict(True)) == Agreed(True)


@pytest.mark.parametrize(
    "plain",
    [
        b"",
        USER,
        encode_avp(Avp(2, 0, b"secret")),
        chap(challenge=bytes(16))[1],
        chap(identifier=b"\0")[1],
        chap(size=49)[1],
        encode_avp(Avp(79, 0, encode_eap(EapCode.REQUEST, 1, EapType.IDENTITY, b"user"))),
        encode_avp(Avp(79, 0, b"\x02")),
    ],
)
def test_what_does_not_fit(plain):
    with pytest.raises(MalformedError):
        inside().receive(plain)


@given(st.lists(st.binary(max_size=120), max_size=4))
def test_whatever_is_said(plains):
    ttls = inside()
    for plain in plains:
        try:
            step = ttls.receive(plain)
        except MalformedError:
            return
        if isinstance(step, Prove):
            step = ttls.resolve(Verdict(False))
        assert isinstance(step, Send) or step == Agreed(False)
