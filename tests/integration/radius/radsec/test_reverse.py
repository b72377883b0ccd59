"""A session ends, and its NAS behind address translation hears of it on its own connection."""

import asyncio
import secrets
import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.sessions import service as sessions
from radius.protocol.attributes import Code
from radius.protocol.authenticator import sign_reply
from radius.protocol.packet import parse_packet
from radius.protocol.requester import PendingRequest
from radius.radsec.certificates import stand_in_address
from radius.radsec.reverse import ask_desks, is_stand_in, open_desk
from tests.eventually import eventually
from tests.integration.radius.asking import MAC
from tests.integration.radius.city import NAME, running_city

NAS = "ap.metro.example"


@pytest.fixture
def database_url(tmp_path):
    """An empty database, on SQLite only."""
    return f"sqlite+aiosqlite:///{tmp_path / 'kolco.db'}"


class AccessPoint:
    """Speaks RadSec over one connection: asks, and answers what it is asked."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.asked = []
        self.answers = {}
        self.reading = asyncio.create_task(self.read())

    async def read(self):
        while True:
            head = await self.reader.readexactly(4)
            data = head + await self.reader.readexactly(int.from_bytes(head[2:], "big") - 4)
            packet = parse_packet(data)
            if packet.code in {Code.DISCONNECT_REQUEST, Code.COA_REQUEST}:
                self.asked.append(packet)
                self.writer.write(sign_reply(packet.code + 1, packet, [], b"radsec"))
            else:
                self.answers.pop(packet.identifier).set_result(packet)

    async def ask(self, code, identifier, *attributes):
        pending = PendingRequest(
            code, identifier, attributes, b"radsec", random_authenticator=secrets.token_bytes(16)
        )
        answer = self.answers[identifier] = asyncio.get_running_loop().create_future()
        self.writer.write(pending.data)
        async with asyncio.timeout(10):
            return await answer

    async def close(self):
        self.reading.cancel()
        await asyncio.gather(self.reading, return_exceptions=True)
        self.writer.close()


@pytest.mark.parametrize("workers", [0, 2])
async def test_a_nas_is_told_on_the_connection_it_opened(runtime, device, tmp_path, workers):
    async with running_city(runtime, workers=workers) as city:
        await city.add_nas("metro", cidr="", radsec_name=NAS)
        context = ssl.create_default_context(cadata=city.authority.certificate_pem.decode())
        issued = city.authority.issue_client(NAS, now=runtime.clock.now())
        context.load_cert_chain(*issued.write(tmp_path, "ap"))
        await eventually(city.knows_radsec_nas)
        ap = AccessPoint(
            *await asyncio.open_connection("127.0.0.1", city.radsec_port, ssl=context, server_hostname=NAME)
        )
        mac = MAC.replace(":", "").encode()
        accepted = await ap.ask(Code.ACCESS_REQUEST, 1, (1, mac), (6, b"\0\0\0\n"))
        assert accepted.code == Code.ACCESS_ACCEPT
        session_class = accepted.find(25)
        told = (40, b"\0\0\0\1"), (44, b"A1"), (31, MAC.encode()), (25, session_class)
        assert (await ap.ask(Code.ACCOUNTING_REQUEST, 2, *told)).code == Code.ACCOUNTING_RESPONSE

        async def started():
            async with runtime.db.reading() as tx:
                return await sessions.find_open(tx, mac=MAC) is not None

        await eventually(started)
        async with runtime.db.transaction() as tx:
            session = await sessions.find_open(tx, mac=MAC)
            await sessions.end(tx, session.id, reason="admin", now=runtime.clock.now(), source="test")

        async def heard():
            return bool(ap.asked)

        await eventually(heard)
        (request,) = ap.asked
        assert request.code == Code.DISCONNECT_REQUEST
        assert request.find(44) == b"A1"
        assert request.attributes[0][0] == 80

        async def acknowledged():
            return 'kolco_radius_disconnects_total{answer="ack",nas="metro"} 1' in await city.scrape()

        await eventually(acknowledged)
        await ap.close()


@given(st.text(max_size=30))
def test_only_stand_ins_are_stand_ins(text):
    assert is_stand_in(stand_in_address(text))
    assert not is_stand_in(f"x{text}")


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1", "::", "100:0:0:1::1", "metro"])
def test_addresses_are_no_stand_ins(address):
    assert not is_stand_in(address)


async def test_nobody_answers_at_an_empty_or_abandoned_desk(tmp_path):
    address = stand_in_address("ap")
    assert await ask_desks(tmp_path, address, Code.COA_REQUEST, []) is None
    asked = []

    async def ask(*question):
        asked.append(question)
        return b""

    long = tmp_path / ("a directory with a long name " * 5)
    async with open_desk(long, ask):
        assert await ask_desks(long, address, Code.COA_REQUEST, [(44, b"A1")]) is None
        (left,) = (long / "radius/reverse").iterdir()
        (left.parent / "1.sock").touch()
        assert await ask_desks(long, address, Code.COA_REQUEST, []) is None
        assert list(left.parent.iterdir()) == [left]
    assert asked[0] == (address, Code.COA_REQUEST, [(44, b"A1")])
    assert len(asked) == 2
    assert not left.exists()
