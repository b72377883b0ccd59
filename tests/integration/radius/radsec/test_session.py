"""One connection: all kinds of packets on it, many at a time, and what ends it."""

import asyncio
import random
import secrets
import time
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from radius.journal.errors import NotStored, NotStoredError
from radius.protocol.attributes import Code
from radius.protocol.packet import encode_packet
from radius.protocol.requester import PendingRequest
from radius.reply import Answer
from radius.storm.rates import NasRates
from tests.eventually import eventually
from tests.integration.radius.radsec.conftest import ACCEPT
from tests.integration.radius.radsec.test_server import METRO, SECRET, ask, is_closed, status

REJECT = Answer(Code.ACCESS_REJECT, (), "reject", "wrong-credential")


def make(code, identifier, *attributes):
    return PendingRequest(
        code, identifier, attributes, SECRET, random_authenticator=secrets.token_bytes(16),
        require_message_authenticator=False,
    )  # fmt: skip


@pytest.fixture
async def stream(served):
    return await served.connect(served.partner.issue(METRO))


async def test_every_kind_of_packet_comes_on_one_connection(served, stream):
    assert (await ask(*stream, make(Code.ACCESS_REQUEST, 1, (1, b"u")))).find_all(25) == [b"class"]
    assert (await ask(*stream, make(Code.ACCOUNTING_REQUEST, 1, (40, b"\0\0\0\1")))).code == 5
    assert (await ask(*stream, status(1))).code == Code.ACCESS_ACCEPT
    for code, nak in ((Code.COA_REQUEST, Code.COA_NAK), (Code.DISCONNECT_REQUEST, Code.DISCONNECT_NAK)):
        answer = await ask(*stream, make(code, 1))
        assert (answer.code, answer.find_integer(101)) == (nak, 406)
    assert [request.client.id for request in served.asked] == ["metro", "metro"]
    assert served.metric('kolco_radius_requests_total{kind="accounting",nas="metro"}') == 1


async def test_no_message_authenticator_is_asked_for_over_tls(served, stream):
    reader, writer = stream
    writer.write(encode_packet(Code.ACCESS_REQUEST, 7, bytes(16), [(1, b"u"), (33, b"proxy")]))
    head = await reader.readexactly(4)
    assert head[:2] == bytes((Code.ACCESS_ACCEPT, 7))


async def test_256_at_a_time_answered_in_any_order(served, stream):
    reader, writer = stream
    served.hold = True
    asked = [make(Code.ACCESS_REQUEST, number, (1, b"u%d" % number)) for number in range(256)]
    writer.write(b"".join(pending.data for pending in asked))

    async def all_there():
        return len(served.held) == 256

    await eventually(all_there)
    for _, waiting in reversed(served.held):
        waiting.set_result(ACCEPT)
    for pending in reversed(asked):
        head = await reader.readexactly(4)
        data = head + await reader.readexactly(int.from_bytes(head[2:], "big") - 4)
        assert pending.receive(data).code == Code.ACCESS_ACCEPT


async def test_a_repetition_is_answered_alike_and_worked_on_once(served, stream):
    pending = make(Code.ACCESS_REQUEST, 1, (1, b"u"))
    first = await ask(*stream, pending)
    assert await ask(*stream, pending) == first
    assert len(served.asked) == 1
    assert served.metric('kolco_radius_duplicates_total{nas="metro"}') == 1


async def test_a_connection_has_its_own_identifiers(served, stream):
    pending = make(Code.ACCESS_REQUEST, 1, (1, b"u"))
    await ask(*stream, pending)
    reader, writer = await served.connect(served.partner.issue(METRO))
    await ask(reader, writer, pending)
    assert len(served.asked) == 2
    assert served.asked[0].source[0] == served.asked[1].source[0]


@pytest.mark.parametrize(
    "octets",
    [
        b"\1\1\0\5abcdefgh",
        b"\1\1\xff\xff" + bytes(16),
        encode_packet(4, 1, bytes(16), [(40, bytes(4))]),
        b"\1\1\0\x17" + bytes(16) + b"\1\x09a",
        encode_packet(1, 1, bytes(16), [(80, bytes(16))]),
    ],
    ids=["short", "long", "authenticator", "attribute", "message-authenticator"],
)
async def test_garbage_ends_the_connection(served, stream, octets):
    reader, writer = stream
    writer.write(octets)
    assert await is_closed(reader)
    await served.has_ended("garbage")
    assert not served.asked


async def test_what_is_only_unexpected_does_not_end_it(served, stream):
    reader, writer = stream
    writer.write(encode_packet(Code.ACCESS_ACCEPT, 1, bytes(16), []))
    writer.write(encode_packet(Code.ACCESS_REQUEST, 2, bytes(16), [(79, b"\2\1\0\4")]))
    assert (await ask(reader, writer, status(3))).identifier == 3
    assert served.metric('kolco_radius_dropped_total{nas="metro",reason="wrong-code"}') == 1
    assert served.metric('kolco_radius_dropped_total{nas="metro",reason="no-message-authenticator"}') == 1


async def test_a_fault_in_one_request_does_not_end_it(served, stream):
    reader, writer = stream
    served.hold = True
    writer.write(make(Code.ACCESS_REQUEST, 1, (1, b"u")).data)

    async def there():
        return bool(served.held)

    await eventually(there)
    served.held[0][1].set_exception(RuntimeError("broken"))
    assert (await ask(reader, writer, status(3))).identifier == 3
    assert served.metric('kolco_radius_dropped_total{nas="metro",reason="failed"}') == 1


async def test_what_cannot_be_stored_is_counted_and_not_logged_each_time(served, stream):
    reader, writer = stream
    served.hold = True
    writer.write(make(Code.ACCOUNTING_REQUEST, 1, (40, b"\0\0\0\1")).data)

    async def there():
        return bool(served.held)

    await eventually(there)
    with capture_logs() as logs:
        served.held[0][1].set_exception(NotStoredError(NotStored.DISK_FULL))
        assert (await ask(reader, writer, status(3))).identifier == 3
    assert logs == []
    assert served.metric('kolco_radius_dropped_total{nas="metro",reason="disk-full"}') == 1


async def test_what_is_under_way_ends_with_its_connection(served, stream):
    reader, writer = stream
    served.hold = True
    writer.write(make(Code.ACCESS_REQUEST, 1, (1, b"u")).data)

    async def there():
        return bool(served.held)

    await eventually(there)
    writer.transport.abort()

    async def given_up():
        return served.held[0][1].cancelled() and len(served.server) == 0

    await eventually(given_up)
    assert await is_closed(reader)


async def test_what_others_wait_for_too_does_not_end_with_a_connection(served, stream):
    reader, writer = stream
    served.hold = True
    writer.write(make(Code.ACCOUNTING_REQUEST, 1, (40, b"\0\0\0\1")).data)
    await eventually(lambda: served.held)
    writer.transport.abort()
    await eventually(lambda: len(served.server) == 0)
    assert not served.held[0][1].cancelled()
    assert await is_closed(reader)


async def test_who_does_not_read_holds_no_memory_and_is_cut_off(served):
    """The client sends and never reads: its answers fill the buffers, then its requests stay with it."""
    context = served.context(served.partner.issue(METRO))
    loop = asyncio.get_running_loop()
    stopped = []

    class Deaf(asyncio.Protocol):
        def connection_made(self, transport):
            self.transport = transport
            transport.pause_reading()

        def connection_lost(self, exc):
            stopped.append(exc)

            self.room.set()

        def pause_writing(self):
            self.room.clear()

        def resume_writing(self):
            self.room.set()

        room = asyncio.Event()
        room.set()

    transport, deaf = await loop.create_connection(
        Deaf, "127.0.0.1", served.port, ssl=context, server_hostname="radius.example"
    )
    fat = tuple((33, bytes(253)) for _ in range(15))  # Proxy-State comes back: the answer is as large

    async def send_until_cut_off():
        number = 0
        while not stopped and number < 200_000:
            await deaf.room.wait()
            number += 1
            transport.write(make(Code.ACCESS_REQUEST, number % 256, (1, b"u"), *fat).data)
            if not number % 64:
                await asyncio.sleep(0)

    async with asyncio.timeout(60):
        await send_until_cut_off()
    await served.has_ended("slow-reader")
    # What was taken is what buffers hold: the kernel's, and ours of some hundred kilobytes.
    assert len(served.asked) * 3_900 < 40_000_000
    transport.abort()


async def test_random_octets_leave_it_up(served):
    """From those who have a good certificate, and from those who have none."""
    issued = served.partner.issue(METRO)
    noise = random.Random(7)  # the same each time

    async def bother(number):
        if number % 4:
            reader, writer = await served.connect(issued)
        else:
            reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
            served.writers.append(writer)
        good = make(Code.ACCESS_REQUEST, number, (1, b"u"), (33, bytes(100))).data
        octets = bytearray(good * 3)
        for _ in range(noise.randrange(1, 9)):
            octets[noise.randrange(len(octets))] = noise.randrange(256)
        writer.write(bytes(octets) if number % 3 else noise.randbytes(noise.randrange(1, 5_000)))
        writer.write_eof() if writer.can_write_eof() else writer.close()
        await is_closed(reader)

    for begin in range(0, 120, 20):
        await asyncio.gather(*(bother(number) for number in range(begin, begin + 20)))

    async def all_gone():
        return len(served.server) == 0

    await eventually(all_gone)
    assert (await ask(*await served.connect(issued))).code == Code.ACCESS_ACCEPT


async def test_a_reject_is_kept_back_and_holds_up_nobody(served):
    served.server._handlers = replace(served.server._handlers, reject_delay_s=0.3)
    served.answer = REJECT
    reader, writer = await served.connect(served.partner.issue(METRO))
    started = time.monotonic()
    writer.write(make(Code.ACCESS_REQUEST, 1, (1, b"u")).data)
    assert (await ask(reader, writer, make(Code.ACCOUNTING_REQUEST, 2, (40, b"\0\0\0\1")))).code == 5
    assert time.monotonic() - started < 0.3
    assert (await reader.readexactly(2)) == bytes((Code.ACCESS_REJECT, 1))
    assert time.monotonic() - started >= 0.3
    assert served.metric('kolco_radius_refusals_total{reason="wrong-credential"}') == 1


async def test_rejects_that_are_kept_back_leave_when_the_server_ends(served):
    served.server._handlers = replace(served.server._handlers, reject_delay_s=60.0)
    served.answer = REJECT
    reader, writer = await served.connect(served.partner.issue(METRO))
    writer.write(make(Code.ACCESS_REQUEST, 1, (1, b"u")).data)
    await ask(reader, writer, status(2))
    await served.server.close()
    assert (await reader.readexactly(2)) == bytes((Code.ACCESS_REJECT, 1))


async def test_one_peer_has_a_limit_and_takes_nothing_from_others(served):
    served.server._handlers = replace(served.server._handlers, admit=NasRates(2.0).admit)
    one = await served.connect(served.authority.issue("001122334455"))
    for number in range(8):
        one[1].write(make(Code.ACCESS_REQUEST, number, (1, b"u")).data)
    two = await served.connect(served.partner.issue(METRO))
    assert (await ask(*two)).code == Code.ACCESS_ACCEPT

    async def dropped():
        return served.metric('kolco_radius_dropped_total{nas="radsec-aps",reason="nas-rate"}') >= 5

    await eventually(dropped)
