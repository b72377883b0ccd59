import pytest

from radius.disconnect import Answered, disconnect_attributes, read_answer
from radius.protocol.attributes import Code
from radius.protocol.dictionary.definitions import load_dictionary
from radius.protocol.packet import Packet, encode_integer
from radius.records import Totals
from radius.repository import OpenLeg


def leg(acct_session_id):
    return OpenLeg("ap", "192.0.2.1", acct_session_id, "s", 0, False, Totals(), "02:00:00:00:00:01")


def test_a_leg_is_named_as_its_nas_knows_it():
    shown = dict(load_dictionary().describe(disconnect_attributes(leg("5F-01"), 1_800_000_000)))
    assert shown == {
        "Acct-Session-Id": "5F-01",
        "Calling-Station-Id": "02-00-00-00-00-01",
        "Event-Timestamp": "1800000000",
    }


def test_a_digest_is_not_sent():
    names = [name for name, _ in load_dictionary().describe(disconnect_attributes(leg("sha256:ab"), 1))]
    assert names == ["Calling-Station-Id", "Event-Timestamp"]


@pytest.mark.parametrize(
    ("code", "attributes", "expected"),
    [
        (Code.DISCONNECT_ACK, (), Answered.ACK),
        (Code.DISCONNECT_NAK, (encode_integer(101, 503),), Answered.GONE),
        (Code.DISCONNECT_NAK, (encode_integer(101, 501),), Answered.NAK),
        (Code.DISCONNECT_NAK, (), Answered.NAK),
    ],
)
def test_answers(code, attributes, expected):
    assert read_answer(Packet(code, 1, bytes(16), attributes)) is expected
