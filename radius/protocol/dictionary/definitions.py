"""Names and types of attributes, through pyrad's dictionary reader; the only user of pyrad.

For people: `kolco radius test`, traces and tests. The hot path reasons in numbers (`attributes`)
and never comes here. Tagged attributes (RFC 2868) are written with tag 0 and read without it;
sub-attributes of a TLV are shown as octets of their parent, extended attributes by `extended`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from pyrad import tools
from pyrad.dictionary import Dictionary as _PyradDictionary

from radius.protocol.attributes import VENDOR_SPECIFIC
from radius.protocol.dictionary.extended import EXTENDED_TYPES, join_extended, name_of
from radius.protocol.errors import EncodeError
from radius.protocol.packet import MAX_VALUE_LENGTH, Attribute, encode_vendor, iter_vendor

_DATA: Final = Path(__file__).with_name("data") / "dictionary"
_HIDDEN: Final = "(hidden)"
_LARGEST_TAG: Final = 0x1F
_UINT24: Final = 0xFFFFFF
_TAGGED_INTEGER: Final = 4
_NUMBERS: Final = frozenset({"integer", "integer64", "short", "byte", "signed", "date"})


@dataclass(frozen=True, slots=True)
class AttributeType:
    """One attribute's definition.

    Attributes:
        name: as in the RFC or the vendor's document, e.g. `Session-Timeout`.
        vendor: private enterprise number; 0 for the standard space.
        code: type octet within that space.
        kind: pyrad's data type word, e.g. `integer`, `string`, `ipaddr`, `octets`.
        tagged: the value begins with a tag octet (RFC 2868 §3).
        hidden: the value is hidden with the shared secret, so it is never shown.
        values: named values of an enumeration, by name.
    """

    name: str
    vendor: int
    code: int
    kind: str
    tagged: bool
    hidden: bool
    values: Mapping[str, int]


class Dictionary:
    """Attribute definitions by name and by number.

    Args:
        types: the definitions; a later one of the same name or number wins.
    """

    def __init__(self, types: Iterable[AttributeType]) -> None:
        self._by_name: dict[str, AttributeType] = {}
        self._by_code: dict[tuple[int, int], AttributeType] = {}
        for kind in types:
            self._by_name[kind.name.lower()] = kind
            self._by_code[kind.vendor, kind.code] = kind

    def __len__(self) -> int:
        """Return the number of attributes known by name."""
        return len(self._by_name)

    def find(self, name: str) -> AttributeType | None:
        """Return the attribute of that name, in any case, or None."""
        return self._by_name.get(name.lower())

    def find_code(self, vendor: int, code: int) -> AttributeType | None:
        """Return the attribute of that number (vendor 0: the standard space), or None."""
        return self._by_code.get((vendor, code))

    def encode(self, name: str, text: str) -> Attribute:
        """Return the attribute `name` with the value written as `text`.

        Numbers may be named values; octets are hexadecimal after `0x`, else the text itself.

        Raises:
            EncodeError: no such attribute, or the text is no value of its type.
        """
        kind = self.find(name)
        if kind is None:
            message = f"no attribute {name!r} in the dictionary"
            raise EncodeError(message)
        value = _encode(kind, text)
        if kind.vendor:
            return encode_vendor(kind.vendor, kind.code, value)
        return kind.code, value

    def describe(self, attributes: Iterable[Attribute]) -> list[tuple[str, str]]:
        """Return (name, value) of each attribute for people; hidden values are not shown."""
        rows: list[tuple[str, str]] = []
        attributes = list(attributes)
        for code, value in attributes:
            if code in EXTENDED_TYPES:
                continue
            if code != VENDOR_SPECIFIC:
                rows.append(self._describe(0, code, value))
                continue
            inner = [self._describe(*part) for part in iter_vendor([(code, value)])]
            rows.extend(inner or [("Vendor-Specific", f"0x{value.hex()}")])
        rows.extend((name_of(one), f"0x{one.value.hex()}") for one in join_extended(attributes))
        return rows

    def _describe(self, vendor: int, code: int, value: bytes) -> tuple[str, str]:
        kind = self.find_code(vendor, code)
        if kind is None:
            return (f"Vendor-{vendor}-{code}" if vendor else f"Attribute-{code}"), f"0x{value.hex()}"
        return kind.name, _HIDDEN if kind.hidden else _decode(kind, value)


def _encode(kind: AttributeType, text: str) -> bytes:
    try:
        value = _encode_plain(kind, text)
    except (ValueError, TypeError) as error:
        message = f"{text!r} is no value of {kind.name} ({kind.kind})"
        raise EncodeError(message) from error
    if kind.tagged:
        value = b"\0" + (value[1:] if kind.kind == "integer" else value)
    if len(value) > MAX_VALUE_LENGTH:
        message = f"{kind.name} has {len(value)} octets, at most {MAX_VALUE_LENGTH} fit"
        raise EncodeError(message)
    return value


def _encode_plain(kind: AttributeType, text: str) -> bytes:
    if kind.kind in _NUMBERS:
        number = kind.values[text] if text in kind.values else int(text, 0)
        return bytes(tools.EncodeAttr(kind.kind, number))
    if kind.kind in {"octets", "tlv"}:
        return bytes.fromhex(text[2:]) if text.startswith("0x") else text.encode()
    if kind.kind == "string":
        return text.encode()
    return bytes(tools.EncodeAttr(kind.kind, text))


def _decode(kind: AttributeType, value: bytes) -> str:
    if kind.tagged and kind.kind == "integer" and len(value) == _TAGGED_INTEGER:
        value = (int.from_bytes(value, "big") & _UINT24).to_bytes(_TAGGED_INTEGER, "big")
    elif kind.tagged and value and value[0] <= _LARGEST_TAG:
        value = value[1:]
    if kind.kind in {"octets", "tlv", "abinary"}:
        return f"0x{value.hex()}"
    try:
        decoded = tools.DecodeAttr(kind.kind, value)
    except (ValueError, TypeError):
        return f"0x{value.hex()}"
    if isinstance(decoded, bytes):
        return f"0x{decoded.hex()}"
    for name, number in kind.values.items():
        if number == decoded:
            return name
    return str(decoded)


@cache
def load_dictionary() -> Dictionary:
    """Return the dictionary shipped with kolco: RFCs and vendors, read once per process."""
    source = _PyradDictionary(str(_DATA))
    types = []
    for attribute in source.attributes.values():
        if attribute.is_sub_attribute:
            continue
        values = {
            name: int.from_bytes(encoded, "big") if isinstance(encoded, bytes) else int(encoded)
            for name, encoded in attribute.values.forward.items()
        }
        types.append(
            AttributeType(
                name=attribute.name,
                vendor=source.vendors.GetForward(attribute.vendor),
                code=attribute.code,
                kind=attribute.type,
                tagged=attribute.has_tag,
                hidden=bool(attribute.encrypt),
                values=values,
            )
        )
    return Dictionary(types)
