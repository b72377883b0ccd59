import errno
import os

import pytest

from captive_portal.gateway.gate.channel import NETLINK_NETFILTER, NETLINK_ROUTE, NetlinkChannel, NetlinkError
from captive_portal.gateway.gate.elements import Batch, Element, SetName, encode_dump
from captive_portal.gateway.neighbours import RTMGRP_NEIGH
from captive_portal.gateway.neighbours import encode_dump as encode_neighbours

MISSING = SetName("no_table", "no_set")


async def test_a_refusal_carries_the_errno_and_the_next_request_is_not_confused(lab):
    with NetlinkChannel(NETLINK_NETFILTER, netns=lab.gateway) as channel:
        for _ in range(3):
            batch = Batch(channel.sequence(100))
            batch.add(MISSING, [Element(b"aaaa")])
            batch.delete(MISSING, [Element(b"aaaa")])
            data, last = batch.encode()
            with pytest.raises(NetlinkError, match="refused to try it") as caught:
                channel.request(data, batch.first, last, "to try it")
            assert caught.value.number == errno.ENOENT
            assert caught.value.hint
        with pytest.raises(NetlinkError):
            channel.dump(lambda sequence: encode_dump(MISSING, sequence), "to list")


async def test_dumps_and_hears_nothing_when_there_is_nothing(lab):
    with NetlinkChannel(NETLINK_ROUTE, netns=lab.gateway, groups=RTMGRP_NEIGH) as channel:
        assert isinstance(channel.dump(encode_neighbours, "to list neighbours"), list)
        assert channel.notifications() == []
        assert os.fstat(channel.fileno())


async def test_a_message_that_is_too_long_is_refused_here(lab):
    with (
        NetlinkChannel(NETLINK_NETFILTER, netns=lab.gateway) as channel,
        pytest.raises(NetlinkError, match="refused too much"),
    ):
        channel.request(bytes(64 * 1024 * 1024), 1, 1, "too much")
