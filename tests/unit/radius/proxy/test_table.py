import pytest

from radius.protocol.attributes import Code
from radius.protocol.authenticator import sign_reply
from radius.protocol.errors import PeerError
from radius.protocol.packet import parse_packet
from radius.proxy.table import IDENTIFIERS, PendingTable

SECRET = b"secret"


def make():
    return PendingTable(SECRET, require_message_authenticator=True)


def ask(table):
    return table.add(Code.ACCESS_REQUEST, [(1, b"u")], bytes(16))


async def test_identifiers_are_used_once_and_the_oldest_again():
    table = make()
    asked = [ask(table) for _ in range(IDENTIFIERS)]
    assert {waiting.pending.identifier for waiting in asked} == set(range(256))
    assert table.full
    with pytest.raises(IndexError):
        ask(table)
    table.remove(asked[7])
    table.remove(asked[3])
    assert len(table) == 254
    assert [ask(table).pending.identifier for _ in range(2)] == [7, 3]


async def test_a_genuine_reply_reaches_who_waits_for_it():
    table = make()
    first, second = ask(table), ask(table)
    table.receive(sign_reply(Code.ACCESS_ACCEPT, parse_packet(second.pending.data), [], SECRET))
    assert second.reply.result().code == Code.ACCESS_ACCEPT
    assert not first.reply.done()
    table.receive(sign_reply(Code.ACCESS_REJECT, parse_packet(second.pending.data), [], SECRET))
    assert second.reply.result().code == Code.ACCESS_ACCEPT


@pytest.mark.parametrize("data", [b"", b"\2", b"\2\1" + bytes(18), b"\2\0\0\x14" + bytes(16)])
async def test_other_octets_are_refused(data):
    table = make()
    waiting = ask(table)
    with pytest.raises(PeerError):
        table.receive(data)
    assert not waiting.reply.done()


async def test_who_was_given_up_gets_nothing():
    table = make()
    waiting = ask(table)
    table.remove(waiting)
    table.remove(waiting)
    assert waiting.reply.cancelled()
    with pytest.raises(PeerError):
        table.receive(sign_reply(Code.ACCESS_ACCEPT, parse_packet(waiting.pending.data), [], SECRET))
    assert len({ask(table).pending.identifier for _ in range(256)}) == 256


async def test_all_who_wait_hear_that_it_is_over():
    table = make()
    waiting, answered = ask(table), ask(table)
    table.receive(sign_reply(Code.ACCESS_ACCEPT, parse_packet(answered.pending.data), [], SECRET))
    table.fail(ConnectionError())
    assert isinstance(waiting.reply.exception(), ConnectionError)
    assert answered.reply.result().code == Code.ACCESS_ACCEPT
