import pytest

from radius.protocol.attributes import Code
from radius.protocol.packet import Packet, encode_integer
from radius.served.disconnect import Answered, read_answer


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
