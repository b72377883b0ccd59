import pytest

from controller.core.errors import InvalidInputError
from radius.probe import Probe, ProbeAnswer, build
from radius.protocol.attributes import Code
from radius.protocol.eap.mschapv2 import check_mschapv2
from radius.protocol.mschap import find_mschapv2
from radius.protocol.packet import parse_packet
from radius.question import Method
from radius.reading import read_question

SECRET = b"a shared secret"
RANDOM = bytes(range(16))


def packet(**values):
    return parse_packet(build(Probe(**values), SECRET, identifier=3, random_authenticator=RANDOM).data)


def test_a_mab_probe_is_read_as_one():
    sent = packet(method="mab", mac="02-00-00-00-00-01", called="00-10-A4-23-19-C0:City")
    question = read_question(sent, SECRET)
    assert question.method is Method.MAB
    assert question.username == "02:00:00:00:00:01"
    assert question.called.ssid == "City"


def test_a_pap_probe_is_read_as_one():
    question = read_question(packet(method="pap", username="u", password="p"), SECRET)
    assert (question.method, question.username, question.password) == (Method.PAP, "u", "p")


def test_a_status_probe():
    assert packet(method="status").code == Code.STATUS_SERVER


def test_any_attribute_can_be_added():
    assert packet(method="status", extra=(("NAS-Port", "7"),)).find_integer(5) == 7


@pytest.mark.parametrize(
    "values",
    [
        {"method": "mab"},
        {"method": "mab", "mac": "nonsense"},
        {"method": "status", "extra": (("No-Such", "1"),)},
        {"method": "pap", "username": "u", "password": "x" * 200},
    ],
)
def test_what_cannot_be_sent(values):
    with pytest.raises(InvalidInputError):
        packet(**values)


def test_only_an_accept_is_accepted():
    assert ProbeAnswer(2, "Access-Accept", [], 0.1).accepted
    assert not ProbeAnswer(3, "Access-Reject", [], 0.1).accepted


def test_mschapv2_is_a_proof_of_the_password():
    pending = build(
        Probe("mschapv2", "d-1", "password"), SECRET, identifier=1, random_authenticator=bytes(range(16))
    )
    asked = find_mschapv2(parse_packet(pending.data))
    assert check_mschapv2(asked.proof, "password") is not None
    assert check_mschapv2(asked.proof, "another") is None
