"""The packet codec: header and attributes, bounded. Knows no attribute's meaning but two shapes.

The wire format is RFC 2865 §3 and §5: code, identifier, 16-bit length, 16-octet authenticator,
then attributes of type, length and value. Vendor attributes are RFC 2865 §5.26.

Signing and checking are in `authenticator`, names and types in `dictionary`.
"""

from collections.abc import Iterable, Sequence
from struct import Struct
from typing import Final

from radius.protocol.attributes import MESSAGE_AUTHENTICATOR, VENDOR_SPECIFIC
from radius.protocol.errors import DropReason, EncodeError, MalformedError

Attribute = tuple[int, bytes]
"""(type, value): the value is the raw octets, 0 to 253 of them."""

ENCODED: Final = -1
"""In place of a type: the value is whole attributes, encoded before. No packet can bring it."""

HEADER_LENGTH: Final = 20
AUTHENTICATOR_LENGTH: Final = 16
MAX_LENGTH: Final = 4096
MAX_VALUE_LENGTH: Final = 253
MAX_ATTRIBUTES: Final = 200
"""An honest packet has some tens; 4,076 octets of empty attributes would be 2,038 of them."""

_BEGINNING: Final = Struct("!BBH")
_VENDOR: Final = Struct("!IBB")
_UINT32: Final = Struct("!I")
_UINT32_LENGTH: Final = 4


class Packet:
    """One packet, parsed. Not to be changed: it is no frozen dataclass only because those are slow to make.

    Attributes:
        code: the packet code, 0 to 255, not necessarily a known one.
        identifier: 0 to 255, matches a reply to its request.
        authenticator: 16 octets.
        attributes: in the order of the wire.
        message_authenticator_at: offset of the Message-Authenticator's value in the octets it was
            parsed from; 0 if there is none. It does not count when packets are compared.
    """

    __slots__ = ("_first", "attributes", "authenticator", "code", "identifier", "message_authenticator_at")

    def __init__(
        self,
        code: int,
        identifier: int,
        authenticator: bytes,
        attributes: Sequence[Attribute],
        message_authenticator_at: int = 0,
    ) -> None:
        self.code: Final = code
        self.identifier: Final = identifier
        self.authenticator: Final = authenticator
        self.attributes: Final = attributes
        self.message_authenticator_at: Final = message_authenticator_at
        self._first: Final = dict(reversed(attributes))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Packet)
            and self.code == other.code
            and self.identifier == other.identifier
            and self.authenticator == other.authenticator
            and tuple(self.attributes) == tuple(other.attributes)
        )

    def __hash__(self) -> int:
        return hash((self.code, self.identifier, self.authenticator))

    def __repr__(self) -> str:
        kinds = [kind for kind, _ in self.attributes]  # values may be personal or secret
        return f"Packet(code={self.code}, identifier={self.identifier}, kinds={kinds})"

    def __contains__(self, kind: object) -> bool:
        """Tell whether there is an attribute of this type."""
        return kind in self._first

    def find(self, kind: int) -> bytes | None:
        """Return the first value of this attribute type, or None."""
        return self._first.get(kind)

    def find_all(self, kind: int) -> list[bytes]:
        """Return all values of this attribute type, in order."""
        if kind not in self._first:
            return []
        return [value for candidate, value in self.attributes if candidate == kind]

    def find_text(self, kind: int) -> str | None:
        """Return the first value as text; octets that are not UTF-8 become U+FFFD."""
        value = self._first.get(kind)
        return None if value is None else value.decode("utf-8", "replace")

    def find_integer(self, kind: int) -> int | None:
        """Return the first value as an unsigned 32-bit integer; None if absent or of other size."""
        value = self._first.get(kind)
        return None if value is None or len(value) != _UINT32_LENGTH else int.from_bytes(value, "big")

    def find_vendor(self, vendor: int, kind: int) -> bytes | None:
        """Return the first value of a vendor's attribute, or None."""
        if VENDOR_SPECIFIC not in self._first:
            return None
        for candidate_vendor, candidate, value in iter_vendor(self.attributes):
            if candidate_vendor == vendor and candidate == kind:
                return value
        return None


def parse_packet(data: bytes) -> Packet:
    """Parse one datagram; octets beyond the Length field are padding (RFC 2865 §3).

    Raises:
        MalformedError: with the reason SHORT, BAD_LENGTH, BAD_ATTRIBUTE or TOO_MANY_ATTRIBUTES.
    """
    available = len(data)
    if available < HEADER_LENGTH:
        raise MalformedError(DropReason.SHORT)
    length = data[2] << 8 | data[3]
    if length < HEADER_LENGTH or length > MAX_LENGTH:
        raise MalformedError(DropReason.BAD_LENGTH)
    if length > available:
        raise MalformedError(DropReason.SHORT)
    attributes: list[Attribute] = []
    message_authenticator_at = 0
    position = HEADER_LENGTH
    last = length - 1
    while position < last:
        kind = data[position]
        end = position + data[position + 1]
        position += 2
        if end < position or end > length:
            raise MalformedError(DropReason.BAD_ATTRIBUTE)
        if kind == MESSAGE_AUTHENTICATOR:
            if message_authenticator_at or end - position != AUTHENTICATOR_LENGTH:
                raise MalformedError(DropReason.BAD_ATTRIBUTE)
            message_authenticator_at = position
        attributes.append((kind, data[position:end]))
        position = end
    if position != length:  # one octet is left, and none can be an attribute
        raise MalformedError(DropReason.BAD_ATTRIBUTE)
    if len(attributes) > MAX_ATTRIBUTES:
        raise MalformedError(DropReason.TOO_MANY_ATTRIBUTES)
    return Packet(data[0], data[1], data[4:HEADER_LENGTH], attributes, message_authenticator_at)


def encode_packet(code: int, identifier: int, authenticator: bytes, attributes: Iterable[Attribute]) -> bytes:
    """Encode a packet, neither signed nor checked.

    Raises:
        EncodeError: a value over 253 octets, or more than 4096 octets in all.
    """
    octets = encode_attributes(attributes)
    return b"".join((encode_beginning(code, identifier, len(octets)), authenticator, octets))


def encode_beginning(code: int, identifier: int, attributes_length: int) -> bytes:
    """Return the first four octets of a packet: what stands before the authenticator.

    Raises:
        EncodeError: the packet has more than 4096 octets.
    """
    length = HEADER_LENGTH + attributes_length
    if length > MAX_LENGTH:
        message = f"the packet has {length} octets, at most 4096 fit"
        raise EncodeError(message)
    return _BEGINNING.pack(code, identifier, length)


def encode_attributes(attributes: Iterable[Attribute]) -> bytes:
    """Return the octets of attributes; of one of type `ENCODED` those that it has.

    Raises:
        EncodeError: a value over 253 octets.
    """
    octets = bytearray()
    for kind, value in attributes:
        if kind == ENCODED:
            octets += value
            continue
        size = len(value) + 2
        if size > MAX_VALUE_LENGTH + 2:
            message = f"attribute {kind} has {size - 2} octets, at most 253 fit"
            raise EncodeError(message)
        octets.append(kind)
        octets.append(size)
        octets += value
    return bytes(octets)


def iter_vendor(attributes: Iterable[Attribute]) -> Iterable[tuple[int, int, bytes]]:
    """Yield (vendor, type, value) of every vendor attribute in the format RFC 2865 §5.26 suggests.

    Some vendors pack several into one Vendor-Specific. A remainder that does not parse ends the
    walk of that attribute: a vendor may use any format, so it is no error.
    """
    for kind, value in attributes:
        if kind != VENDOR_SPECIFIC:
            continue
        if len(value) < _VENDOR.size:
            continue
        vendor: int = _UINT32.unpack_from(value)[0]
        position = _UINT32.size
        while position + 2 <= len(value):
            end = position + value[position + 1]
            if not position + 2 <= end <= len(value):
                break
            yield vendor, value[position], value[position + 2 : end]
            position = end


def encode_integer(kind: int, number: int) -> Attribute:
    """Return an attribute with an unsigned 32-bit value; larger numbers are held at the limit."""
    return kind, _UINT32.pack(min(max(number, 0), 0xFFFFFFFF))


def encode_text(kind: int, text: str) -> Attribute:
    """Return an attribute with UTF-8 text."""
    return kind, text.encode()


def encode_vendor(vendor: int, kind: int, value: bytes) -> Attribute:
    """Return a Vendor-Specific attribute that holds one vendor attribute (RFC 2865 §5.26)."""
    return VENDOR_SPECIFIC, _VENDOR.pack(vendor, kind, len(value) + 2) + value


def encode_vendor_integer(vendor: int, kind: int, number: int) -> Attribute:
    """Return a vendor attribute with an unsigned 32-bit value, held at the limit."""
    return encode_vendor(vendor, kind, encode_integer(kind, number)[1])
