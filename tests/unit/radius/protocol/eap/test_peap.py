import pytest
from hypothesis import given
from hypothesis import strategies as st

from radius.protocol.eap.binding import REQUEST, RESPONSE, bind, bind_resumed
from radius.protocol.eap.packet import EapCode, EapType, encode_eap, parse_eap
from radius.protocol.eap.peap import PeapInside
from radius.protocol.eap.steps import Agreed, PasswordProof, Prove, ResumedProof, Send, Verdict
from radius.protocol.errors import MalformedError

RESULT = bytes.fromhex("80030002")


KEYS = bytes(range(128))
BINDING = bind(KEYS[:60], b"")
NONCE = bytes(range(32))


class Engine:
    is_tls13 = False

    def export(self, label, length, context):
        assert (label, context) == (b"client EAP encryption", None)
        return KEYS[:length]


def inside():
    return PeapInside(Engine(), bytes(16) + NONCE)


def accepted_with_gtc():
    peap = asked_for_gtc()
    peap.receive(b"\x06secret")
    peap.resolve(Verdict(True))
    return peap


def asked_for_gtc():
    peap = inside()
    assert peap.begin(None) == Send(b"\x01")
    assert peap.receive(b"\x01user").octets[0] == EapType.MSCHAPV2
    assert peap.name == "peap"
    assert peap.receive(b"\x03\x06") == Send(b"\x06Password")
    return peap


def tlv(data):
    return encode_eap(EapCode.RESPONSE, 0, EapType.TLV, data)


@pytest.mark.parametrize("accepted", [True, False])
def test_the_result_is_told_inside_with_a_header(accepted):
    peap = asked_for_gtc()
    assert peap.receive(b"\x06secret") == Prove(PasswordProof("user", "secret"))
    assert peap.name == "peap-gtc"
    status = b"\0\x01" if accepted else b"\0\x02"
    told = parse_eap(peap.resolve(Verdict(accepted)).octets)
    assert (told.code, told.kind) == (EapCode.REQUEST, EapType.TLV)
    assert told.data == RESULT + status + (BINDING.encode(REQUEST, NONCE) if accepted else b"")
    assert peap.receive(tlv(RESULT + status)) == Agreed(accepted)


@pytest.mark.parametrize("data", [b"", RESULT, RESULT + b"\0\x02", b"\x80\x0c\0\x01\0" + RESULT])
def test_without_the_devices_own_success_nobody_is_let_in(data):
    peap = asked_for_gtc()
    peap.receive(b"\x06secret")
    peap.resolve(Verdict(True))
    assert peap.receive(tlv(data)) == Agreed(False)


def test_other_tlvs_before_the_result():
    peap = asked_for_gtc()
    peap.receive(b"\x06secret")
    peap.resolve(Verdict(True))
    assert peap.receive(tlv(b"\x00\x07\0\x01\0" + RESULT + b"\0\x01")) == Agreed(True)


def test_a_device_that_answers_the_binding_has_its_keys():
    answer = RESULT + b"\0\x01" + BINDING.encode(RESPONSE, bytes(32))
    assert accepted_with_gtc().receive(tlv(answer)) == Agreed(True, BINDING.msk)


@pytest.mark.parametrize(
    "answer",
    [
        BINDING.encode(REQUEST, NONCE),
        bind(KEYS[:60], bytes(range(32))).encode(RESPONSE, NONCE),
        bind_resumed(KEYS[:60]).encode(RESPONSE, NONCE),
        BINDING.encode(RESPONSE, NONCE)[:-1],
        bytes.fromhex("000c0000"),
    ],
    ids=["our own", "another inner method", "as if resumed", "cut short", "empty"],
)
def test_a_wrong_answer_to_the_binding_is_refused(answer):
    assert accepted_with_gtc().receive(tlv(RESULT + b"\0\x01" + answer)) == Agreed(False)


def test_a_session_that_is_resumed_has_no_inner_method():
    peap = inside()
    assert peap.begin("d-1") == Prove(ResumedProof("d-1"))
    assert peap.name == "peap-resumed"
    told = parse_eap(peap.resolve(Verdict(True)).octets)
    binding = bind_resumed(KEYS[:60])
    assert told.data == RESULT + b"\0\x01" + binding.encode(REQUEST, NONCE)
    answer = RESULT + b"\0\x01" + binding.encode(RESPONSE, NONCE)
    assert peap.receive(tlv(answer)) == Agreed(True, binding.msk)


def test_a_device_that_keeps_the_header():
    peap = inside()
    kept = encode_eap(EapCode.RESPONSE, 3, EapType.IDENTITY, b"user")
    assert peap.receive(kept).octets[0] == EapType.MSCHAPV2


@pytest.mark.parametrize("plain", [b"", b"\x06secret"])
def test_what_does_not_fit(plain):
    with pytest.raises(MalformedError):
        inside().receive(plain)


def test_anything_but_a_result_at_the_end():
    peap = asked_for_gtc()
    peap.receive(b"\x06secret")
    peap.resolve(Verdict(True))
    with pytest.raises(MalformedError):
        peap.receive(b"\x06secret")


@given(st.lists(st.binary(max_size=120), max_size=4))
def test_whatever_is_said(plains):
    peap = inside()
    for plain in plains:
        try:
            step = peap.receive(plain)
        except MalformedError:
            return
        if isinstance(step, Prove):
            step = peap.resolve(Verdict(False))
        assert isinstance(step, Send) or step == Agreed(False)
