import pytest

from radius.journal.acknowledge import Acknowledger
from radius.journal.errors import NotStoredError
from radius.journal.format import HEADER_LENGTH, parse_payload, scan
from radius.journal.segments import list_segments, path_of
from radius.protocol.attributes import Code
from radius.protocol.connection import RequestReceived
from radius.protocol.packet import Packet
from radius.reply import ACCOUNTED
from tests.factories.radius import AUTHENTICATOR, CLIENT, SECRET

REQUEST = RequestReceived(
    Packet(Code.ACCOUNTING_REQUEST, 1, AUTHENTICATOR, ()),
    CLIENT,
    ("192.0.2.1", 40000),
    SECRET,
    0.0,
    b"octets",
)


async def test_a_packet_is_acknowledged_once_it_is_on_disk(open_writer, directory):
    async with open_writer() as journal:
        assert await Acknowledger(journal).answer(REQUEST) is ACCOUNTED
        (segment,) = list_segments(directory)
        ((_, payload),) = scan(path_of(directory, segment).read_bytes(), HEADER_LENGTH).payloads
    entry = parse_payload(payload)
    assert (entry.nas_id, entry.address, entry.body) == (CLIENT.id, "192.0.2.1", b"octets")


async def test_what_is_not_safe_is_not_acknowledged(open_writer):
    async with open_writer() as journal:
        pass
    with pytest.raises(NotStoredError):
        await Acknowledger(journal).answer(REQUEST)
