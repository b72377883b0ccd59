"""Messages over a real socket pair, whole or not at all."""

import asyncio
import socket

import pytest

from radius.workers.channel import open_channel
from radius.workers.messages import Collect, Down, Event, Report, Stop, Up


@pytest.fixture
async def ends():
    ours, its = socket.socketpair()
    parent, child = await open_channel(ours, Up), await open_channel(its, Down)
    yield parent, child
    await asyncio.gather(parent.close(), child.close())


async def test_messages_of_any_size_arrive_in_order(ends):
    parent, child = ends
    large = Event("nas.changed", bytes(3_000_000))
    for message in (Collect(1), large, Stop()):
        parent.send(message)
    assert parent.waiting > 0
    assert [await child.receive() for _ in range(3)] == [Collect(1), large, Stop()]
    child.send(Report(ticket=1, seen=["lo"]))
    answer = await parent.receive()
    assert (answer.ticket, answer.seen) == (1, ["lo"])


async def test_the_end_is_no_message(ends):
    parent, child = ends
    await parent.close()
    assert await child.receive() is None
    child.send(Report())  # to nobody; no error


@pytest.mark.parametrize("octets", [b"\xff\xff\xff\xff", b"\0\0\0\2\xc1\xc1", b"\0\0\0\1", b"\0"])
async def test_what_is_no_message_ends_it(octets):
    ours, its = socket.socketpair()
    channel = await open_channel(ours, Up)
    with its:
        its.send(octets)
        its.shutdown(socket.SHUT_WR)
        assert await channel.receive() is None
    await channel.close()
