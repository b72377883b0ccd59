"""Packets out of a stream: each begins with its own length (RFC 6613 §2.6.4). No IO.

What is not a possible length cannot be recovered from, since nobody knows where the next packet
begins: the connection must be closed. What is in a packet is not looked at.
"""

from typing import Final

from radius.protocol.errors import DropReason, MalformedError
from radius.protocol.packet import HEADER_LENGTH, MAX_LENGTH

_LENGTH_AT: Final = 2
_LENGTH_END: Final = 4


class Framer:
    """Cuts a stream into packets; holds no more than one unfinished packet."""

    def __init__(self) -> None:
        self._rest = b""

    @property
    def waiting(self) -> int:
        """Octets of an unfinished packet."""
        return len(self._rest)

    def receive(self, data: bytes) -> list[bytes]:
        """Return the packets that are complete now, in order.

        Raises:
            MalformedError: a length under 20 or over 4096; the stream is of no use any more.
        """
        octets = self._rest + data if self._rest else data
        packets: list[bytes] = []
        at = 0
        while len(octets) - at >= _LENGTH_END:
            length = int.from_bytes(octets[at + _LENGTH_AT : at + _LENGTH_END], "big")
            if not HEADER_LENGTH <= length <= MAX_LENGTH:
                raise MalformedError(DropReason.BAD_LENGTH)
            if len(octets) - at < length:
                break
            packets.append(octets[at : at + length])
            at += length
        self._rest = octets[at:]
        return packets
