"""Netlink framing: messages and attributes to bytes and back.

Pure: it opens no socket and knows no subsystem (see `elements`, `conntrack` and `neighbours`).
Layout from linux/netlink.h; integers of the framing are in host order, which is little-endian on
every machine kolco runs on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct

NLM_F_REQUEST = 0x1
NLM_F_ACK = 0x4
NLM_F_DUMP_INTR = 0x10
NLM_F_DUMP = 0x300
NLM_F_CREATE = 0x400

NLMSG_NOOP = 1
NLMSG_ERROR = 2
NLMSG_DONE = 3

NLA_F_NESTED = 0x8000
NLA_TYPE_MASK = 0x3FFF
NLA_MAX = 0xFFFF

_HEADER = Struct("<IHHII")
_ATTRIBUTE = Struct("<HH")
_ERRNO = Struct("<i")


class NetlinkFormatError(ValueError):
    """Bytes from the kernel do not follow the netlink framing."""


@dataclass(frozen=True, slots=True)
class Message:
    """One netlink message: its header fields that matter, and the bytes after the header."""

    kind: int
    flags: int
    sequence: int
    payload: bytes

    @property
    def error(self) -> int:
        """The errno of an `NLMSG_ERROR` message as a positive number; 0 is an acknowledgement."""
        if len(self.payload) < _ERRNO.size:
            message = "netlink error message without an errno"
            raise NetlinkFormatError(message)
        return -int(_ERRNO.unpack_from(self.payload)[0])


def encode_message(kind: int, flags: int, sequence: int, payload: bytes) -> bytes:
    """One netlink message with its 16-byte header, padded to four bytes."""
    length = _HEADER.size + len(payload)
    return _HEADER.pack(length, kind, flags, sequence, 0) + payload + bytes(-length % 4)


def parse_messages(data: bytes) -> Iterator[Message]:
    """Every message in one datagram from the kernel. Raises `NetlinkFormatError`."""
    offset = 0
    while offset < len(data):
        if len(data) - offset < _HEADER.size:
            message = "netlink message header is cut short"
            raise NetlinkFormatError(message)
        length, kind, flags, sequence, _ = _HEADER.unpack_from(data, offset)
        if length < _HEADER.size or offset + length > len(data):
            message = "netlink message length is out of bounds"
            raise NetlinkFormatError(message)
        yield Message(kind, flags, sequence, data[offset + _HEADER.size : offset + length])
        offset += (length + 3) & ~3


def encode_attribute(kind: int, payload: bytes) -> bytes:
    """One attribute, padded to four bytes. Raises `ValueError` above 64 KiB."""
    length = _ATTRIBUTE.size + len(payload)
    if length > NLA_MAX:
        message = "netlink attribute is longer than 65535 bytes"
        raise ValueError(message)
    return _ATTRIBUTE.pack(length, kind) + payload + bytes(-length % 4)


def encode_nested(kind: int, *parts: bytes) -> bytes:
    """An attribute that holds other attributes."""
    return encode_attribute(kind | NLA_F_NESTED, b"".join(parts))


def parse_attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(type without flag bits, payload) of each attribute. Raises `NetlinkFormatError`."""
    offset = 0
    end = len(data)
    while offset < end:
        if end - offset < _ATTRIBUTE.size:
            message = "netlink attribute header is cut short"
            raise NetlinkFormatError(message)
        length, kind = _ATTRIBUTE.unpack_from(data, offset)
        if length < _ATTRIBUTE.size or offset + length > end:
            message = "netlink attribute length is out of bounds"
            raise NetlinkFormatError(message)
        yield kind & NLA_TYPE_MASK, data[offset + _ATTRIBUTE.size : offset + length]
        offset += (length + 3) & ~3
