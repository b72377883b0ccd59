"""Extended attributes (RFC 6929): types 241 to 246, each with a second type octet of its own.

241 to 244 hold up to 252 octets after it. 245 and 246 ("long") have a flags octet more, and a value
that does not fit is spread over several attributes one after the other, all but the last with the flag
"more". The second type 26 holds a vendor's number and type (EVS). What does not parse is left out, never
an error: nothing that decides here looks into them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from struct import Struct
from typing import Final

from radius.protocol.errors import EncodeError
from radius.protocol.packet import MAX_VALUE_LENGTH, Attribute

EXTENDED_TYPES: Final = range(241, 247)
_LONG_TYPES: Final = (245, 246)
_MORE: Final = 0x80
_EVS: Final = 26
_VENDOR = Struct("!IB")
_NAMES: Final = {
    (241, 1): "Frag-Status",  # RFC 7499
    (241, 2): "Proxy-State-Length",
    (241, 3): "Response-Length",  # RFC 7930
    (241, 4): "Original-Packet-Code",
    (241, 5): "IP-Port-Limit-Info",  # RFC 8045
    (241, 6): "IP-Port-Range",
    (241, 7): "IP-Port-Forwarding-Map",
    (241, 8): "Operator-NAS-Identifier",  # RFC 8559
    (245, 1): "SAML-Assertion",  # RFC 7833
    (245, 2): "SAML-Protocol",
}
"""From IANA's registry "RADIUS Types"."""


@dataclass(frozen=True, slots=True)
class Extended:
    """An extended attribute, whole.

    Attributes:
        kind: 241 to 246.
        extended: the second type.
        value: its octets, of a vendor's attribute without vendor and type.
        vendor: private enterprise number; 0 if it is no vendor's.
        vendor_kind: the vendor's type.
    """

    kind: int
    extended: int
    value: bytes
    vendor: int = 0
    vendor_kind: int = 0


def join_extended(attributes: Iterable[Attribute]) -> list[Extended]:
    """Return the extended attributes of a packet in order, long values put together.

    A long value whose rest is missing, or interrupted by another attribute, is left out.
    """
    found: list[Extended] = []
    begun: tuple[int, int] | None = None
    parts = bytearray()
    for kind, value in attributes:
        if kind not in EXTENDED_TYPES or len(value) < 1 + (kind in _LONG_TYPES):
            begun = None
            continue
        extended = value[0]
        if kind not in _LONG_TYPES:
            begun = None
            found += _make(kind, extended, value[1:])
            continue
        if begun != (kind, extended):
            parts = bytearray()
        parts += value[2:]
        if value[1] & _MORE:
            begun = (kind, extended)
            continue
        found += _make(kind, extended, bytes(parts))
        begun, parts = None, bytearray()
    return found


def encode_extended(extended: Extended) -> list[Attribute]:
    """Return the attributes that carry an extended attribute: more than one only of a long type.

    Raises:
        EncodeError: the value does not fit.
    """
    body = extended.value
    if extended.extended == _EVS:
        body = _VENDOR.pack(extended.vendor, extended.vendor_kind) + body
    head = bytes((extended.extended,))
    if extended.kind not in _LONG_TYPES:
        if len(body) >= MAX_VALUE_LENGTH:
            message = f"an attribute of type {extended.kind} has {len(body)} octets, at most 252 fit"
            raise EncodeError(message)
        return [(extended.kind, head + body)]
    room = MAX_VALUE_LENGTH - 2
    chunks = [body[at : at + room] for at in range(0, len(body), room)] or [b""]
    last = len(chunks) - 1
    return [
        (extended.kind, head + bytes((_MORE if number < last else 0,)) + chunk)
        for number, chunk in enumerate(chunks)
    ]


def name_of(extended: Extended) -> str:
    """Return a name for people, or the numbers as RFC 6929 §2.7 writes them."""
    if extended.vendor:
        return f"Extended-{extended.kind}.{_EVS}.{extended.vendor}.{extended.vendor_kind}"
    known = _NAMES.get((extended.kind, extended.extended))
    return known or f"Extended-{extended.kind}.{extended.extended}"


def _make(kind: int, extended: int, value: bytes) -> list[Extended]:
    if extended != _EVS:
        return [Extended(kind, extended, value)]
    if len(value) < _VENDOR.size:
        return []
    vendor, vendor_kind = _VENDOR.unpack_from(value)
    return [Extended(kind, extended, value[_VENDOR.size :], vendor, vendor_kind)]
