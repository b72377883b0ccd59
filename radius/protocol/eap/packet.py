"""The EAP packet codec (RFC 3748 §4) and its transport in EAP-Message attributes (RFC 3579 §3.1)."""

import struct
from collections.abc import Iterable
from enum import IntEnum
from typing import Final

from msgspec import Struct

from radius.protocol.attributes import EAP_MESSAGE
from radius.protocol.errors import DropReason, MalformedError
from radius.protocol.packet import MAX_VALUE_LENGTH, Attribute

_HEADER = struct.Struct("!BBH")
HEADER_LENGTH: Final = _HEADER.size
_MODULUS: Final = 256


class EapCode(IntEnum):
    """EAP codes."""

    REQUEST = 1
    RESPONSE = 2
    SUCCESS = 3
    FAILURE = 4


class EapType(IntEnum):
    """Types of requests and responses that are spoken here (IANA "EAP Registry")."""

    IDENTITY = 1
    NAK = 3
    GTC = 6
    TLS = 13
    TTLS = 21
    PEAP = 25
    MSCHAPV2 = 26
    TLV = 33
    """PEAP's extensions (draft-kamath-pppext-peapv0 §2.1)."""


_REQUEST: Final = int(EapCode.REQUEST)
_RESPONSE: Final = int(EapCode.RESPONSE)
_SUCCESS: Final = int(EapCode.SUCCESS)
_FAILURE: Final = int(EapCode.FAILURE)


class EapPacket(Struct, frozen=True, gc=False):
    """A request or response, parsed.

    Attributes:
        code: 1 to 4.
        identifier: 0 to 255, matches a response to its request.
        kind: the type; 0 in Success and Failure, which have none.
        data: what follows the type.
    """

    code: int
    identifier: int
    kind: int
    data: bytes


def parse_eap(octets: bytes) -> EapPacket:
    """Parse one EAP packet; octets after its Length are padding (RFC 3748 §4.1).

    Raises:
        MalformedError: it is none.
    """
    if len(octets) < HEADER_LENGTH:
        raise MalformedError(DropReason.EAP_MALFORMED)
    code, identifier, length = _HEADER.unpack_from(octets)
    if not HEADER_LENGTH <= length <= len(octets):
        raise MalformedError(DropReason.EAP_MALFORMED)
    if _SUCCESS <= code <= _FAILURE and length == HEADER_LENGTH:
        return EapPacket(code, identifier, 0, b"")
    if not _REQUEST <= code <= _RESPONSE or length == HEADER_LENGTH:
        raise MalformedError(DropReason.EAP_MALFORMED)
    return EapPacket(code, identifier, octets[HEADER_LENGTH], octets[HEADER_LENGTH + 1 : length])


def encode_eap(code: EapCode, identifier: int, kind: EapType, data: bytes = b"") -> bytes:
    """Return a request or response."""
    return _HEADER.pack(code, identifier, HEADER_LENGTH + 1 + len(data)) + bytes((kind,)) + data


def encode_outcome(code: EapCode, identifier: int) -> bytes:
    """Return a Success or Failure; `identifier` is that of the response it follows (RFC 3748 §4.2)."""
    return _HEADER.pack(code, identifier, HEADER_LENGTH)


def next_identifier(identifier: int) -> int:
    """Return the identifier of the request after that one."""
    return (identifier + 1) % _MODULUS


def join_message(values: Iterable[bytes]) -> bytes:
    """Return the EAP packet that EAP-Message values hold together, in order."""
    return b"".join(values)


def split_message(octets: bytes) -> list[Attribute]:
    """Return an EAP packet as EAP-Message attributes of at most 253 octets."""
    return [
        (EAP_MESSAGE, octets[at : at + MAX_VALUE_LENGTH]) for at in range(0, len(octets), MAX_VALUE_LENGTH)
    ]
