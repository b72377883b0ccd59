import pytest

from radius.protocol.eap.packet import EapCode, EapType, encode_eap, encode_outcome, parse_eap
from radius.protocol.errors import MalformedError
from tests.factories.eap import device


def test_it_says_a_name_that_says_nothing():
    said = parse_eap(device("ttls-pap").receive(encode_eap(EapCode.REQUEST, 3, EapType.IDENTITY)))
    assert (said.code, said.identifier, said.data) == (EapCode.RESPONSE, 3, b"anonymous")


def test_it_asks_for_its_own_method():
    said = parse_eap(device("peap-gtc").receive(encode_eap(EapCode.REQUEST, 3, EapType.TTLS, b"\x20")))
    assert (said.kind, said.data) == (EapType.NAK, b"\x19")


@pytest.mark.parametrize(("code", "accepted"), [(EapCode.SUCCESS, True), (EapCode.FAILURE, False)])
def test_the_end(code, accepted):
    peer = device("ttls-pap")
    assert peer.accepted is None
    assert peer.receive(encode_outcome(code, 1)) is None
    assert peer.accepted is accepted


def test_it_answers_no_responses():
    with pytest.raises(MalformedError):
        device("ttls-pap").receive(encode_eap(EapCode.RESPONSE, 3, EapType.IDENTITY))
