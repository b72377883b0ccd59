"""Listens to the kernel's neighbour table of the LAN: the edge of `neighbours`."""

import asyncio
import socket
from collections.abc import Callable

from captive_portal.gateway.gate.base import Client
from captive_portal.gateway.gate.channel import NETLINK_ROUTE, NetlinkChannel, NetlinkError
from captive_portal.gateway.gate.netlink import Message
from captive_portal.gateway.neighbours import RTMGRP_NEIGH, encode_dump, parse_neighbour
from controller.core.errors import UnavailableError
from controller.core.net import entered


def interface_index(name: str, netns: str | None) -> int:
    """The index of an interface.

    Raises:
        UnavailableError: there is none of the name.
    """
    try:
        with entered(netns):
            return socket.if_nametoindex(name)
    except OSError as error:
        place = f"the network namespace {netns}" if netns else "this machine"
        raise UnavailableError(
            f"there is no interface {name!r} in {place}",
            hint="set KOLCO_GATEWAY_LAN_INTERFACE and KOLCO_GATEWAY_WAN_INTERFACE; `ip link` lists them",
        ) from error


class NeighbourWatch:
    """Tells of neighbours on one interface, those there at the start included.

    Args:
        seen: called from the event loop with each address pair and whether it was just heard of; repeats
            are common.
    """

    def __init__(self, interface: str, *, netns: str | None, seen: Callable[[Client, bool], None]) -> None:
        self._index = interface_index(interface, netns)
        self._netns = netns
        self._seen = seen
        self._channel: NetlinkChannel | None = None

    def start(self) -> None:
        """Subscribe, then read the table, so that nothing falls between."""
        self._channel = NetlinkChannel(NETLINK_ROUTE, netns=self._netns, groups=RTMGRP_NEIGH)
        self.refresh()
        asyncio.get_running_loop().add_reader(self._channel.fileno(), self._read)

    def stop(self) -> None:
        """Unsubscribe."""
        if self._channel is not None:
            asyncio.get_running_loop().remove_reader(self._channel.fileno())
            self._channel.close()
            self._channel = None

    def refresh(self) -> None:
        """Read the whole table."""
        with NetlinkChannel(NETLINK_ROUTE, netns=self._netns) as channel:
            for message in channel.dump(encode_dump, "to list neighbours"):
                self._tell(message, asked=True)

    def _read(self) -> None:
        if self._channel is None:
            return
        try:
            messages = self._channel.notifications()
        except NetlinkError:
            self.refresh()  # some were lost
            return
        for message in messages:
            self._tell(message, asked=False)

    def _tell(self, message: Message, *, asked: bool) -> None:
        neighbour = parse_neighbour(message)
        if neighbour is not None and neighbour.interface == self._index:
            # A client's own question makes a stale entry too: it is fresh when the kernel tells unasked.
            self._seen(neighbour.client, not (asked and neighbour.stale))
