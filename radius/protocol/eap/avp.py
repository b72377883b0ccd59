"""Diameter AVPs as EAP-TTLS carries them (RFC 5281 §10.1): code, flags, length, value, padding to four."""

from dataclasses import dataclass
from struct import Struct
from typing import Final

from radius.protocol.errors import DropReason, MalformedError

_HEADER = Struct("!II")
_VENDOR = Struct("!I")
_HAS_VENDOR: Final = 0x80
_MANDATORY: Final = 0x40
_LENGTH_MASK: Final = 0xFFFFFF
_ALIGNMENT: Final = 4
_MAX_AVPS: Final = 64


@dataclass(frozen=True, slots=True)
class Avp:
    """One AVP. Codes below 256 with vendor 0 are RADIUS attributes."""

    code: int
    vendor: int
    value: bytes
    mandatory: bool = True


def parse_avps(octets: bytes) -> list[Avp]:
    """Parse a sequence of AVPs; the last may lack its padding.

    Raises:
        MalformedError: one is cut short, or there are more than any honest device sends.
    """
    avps: list[Avp] = []
    at = 0
    while at < len(octets):
        if len(octets) - at < _HEADER.size or len(avps) == _MAX_AVPS:
            raise MalformedError(DropReason.EAP_MALFORMED)
        code, word = _HEADER.unpack_from(octets, at)
        flags, length = word >> 24, word & _LENGTH_MASK
        start = at + _HEADER.size
        vendor = 0
        if flags & _HAS_VENDOR:
            start += _VENDOR.size
            if len(octets) < start:
                raise MalformedError(DropReason.EAP_MALFORMED)
            vendor = _VENDOR.unpack_from(octets, start - _VENDOR.size)[0]
        end = at + length
        if not start <= end <= len(octets):
            raise MalformedError(DropReason.EAP_MALFORMED)
        avps.append(Avp(code, vendor, octets[start:end], bool(flags & _MANDATORY)))
        at = end + -end % _ALIGNMENT
    return avps


def encode_avp(avp: Avp) -> bytes:
    """Return an AVP with its padding."""
    flags = (_HAS_VENDOR if avp.vendor else 0) | (_MANDATORY if avp.mandatory else 0)
    vendor = _VENDOR.pack(avp.vendor) if avp.vendor else b""
    length = _HEADER.size + len(vendor) + len(avp.value)
    return _HEADER.pack(avp.code, flags << 24 | length) + vendor + avp.value + bytes(-length % _ALIGNMENT)
