"""Neighbour entries (ARP) as netlink bytes: who is on the LAN with which MAC.

Pure. Numbers from linux/rtnetlink.h and linux/neighbour.h; IPv4 only, as the gate is.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address
from struct import Struct

from captive_portal.gateway.gate.base import Client
from captive_portal.gateway.gate.netlink import (
    NLM_F_DUMP,
    NLM_F_REQUEST,
    Message,
    NetlinkFormatError,
    encode_message,
    parse_attributes,
)
from controller.core.mac import Mac

RTMGRP_NEIGH = 4

_RTM_NEWNEIGH = 28
_RTM_GETNEIGH = 30
_AF_INET = 2
_NDA_DST, _NDA_LLADDR = 1, 2
_IP_BYTES = 4
_MAC_BYTES = 6
_STALE = 0x04
_LIVE_STATES = 0x02 | _STALE | 0x08 | 0x10
"""REACHABLE, STALE, DELAY, PROBE: the kernel has an answer it trusts or trusted."""

_NDMSG = Struct("<BxxxiHBB")


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A live entry: the address pair and the interface's index; `stale` if nothing was heard lately."""

    client: Client
    interface: int
    stale: bool = False


def encode_dump(sequence: int) -> bytes:
    """Ask for every IPv4 neighbour."""
    body = _NDMSG.pack(_AF_INET, 0, 0, 0, 0)
    return encode_message(_RTM_GETNEIGH, NLM_F_REQUEST | NLM_F_DUMP, sequence, body)


def parse_neighbour(message: Message) -> Neighbour | None:
    """The live IPv4 neighbour a message tells of, None if it tells of something else.

    Raises `NetlinkFormatError`.
    """
    if message.kind != _RTM_NEWNEIGH:
        return None
    if len(message.payload) < _NDMSG.size:
        raise NetlinkFormatError("neighbour message without its header")
    family, interface, state, _, _ = _NDMSG.unpack_from(message.payload)
    if family != _AF_INET or not state & _LIVE_STATES:
        return None
    attributes = dict(parse_attributes(message.payload[_NDMSG.size :]))
    ip, mac = attributes.get(_NDA_DST, b""), attributes.get(_NDA_LLADDR, b"")
    if len(ip) != _IP_BYTES or len(mac) != _MAC_BYTES:
        return None
    return Neighbour(Client(str(IPv4Address(ip)), Mac(mac.hex(":"))), interface, bool(state & _STALE))
