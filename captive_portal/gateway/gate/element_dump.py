"""Reads set elements out of the kernel's answers.

Pure. A gateway reads every counter every few seconds, so the common case must be cheap: elements of
one length have, as a rule, the same attributes in the same places. The first of a length is walked
attribute by attribute, which gives a layout; the next ones are unpacked with it in one step, if
every byte that is not a value is the same, and walked too if not.
"""

from collections.abc import Iterator, Mapping
from struct import Struct
from typing import Any, NamedTuple

from captive_portal.gateway.gate import elements as nft
from captive_portal.gateway.gate.elements import Counter, Element, Limit
from captive_portal.gateway.gate.netlink import NLA_TYPE_MASK, NetlinkFormatError, parse_attributes

_HEADER = Struct("<HH")
_SIZES = {"timeout": 8, "expires": 8, "bytes": 8, "packets": 8, "rate": 8, "unit": 8, "burst": 4}
_NUMBERS = {4: "L", 8: "Q"}
_HEADER_BYTES = 4
_MAX_LAYOUTS = 64

_PLAIN = {nft.ELEM_TIMEOUT: "timeout", nft.ELEM_EXPIRATION: "expires", nft.ELEM_USERDATA: "comment"}
_COUNTER_FIELDS = {nft.COUNTER_BYTES: "bytes", nft.COUNTER_PACKETS: "packets"}
_LIMIT_FIELDS = {nft.LIMIT_RATE: "rate", nft.LIMIT_UNIT: "unit", nft.LIMIT_BURST: "burst"}
_FIELDS = {b"counter": _COUNTER_FIELDS, b"limit": _LIMIT_FIELDS}


class _Leaf(NamedTuple):
    """A value inside an element: what it is, where it begins, how many bytes it has."""

    role: str
    offset: int
    size: int


class _Layout(NamedTuple):
    """How to unpack elements of one length: values at odd places, everything else at even ones."""

    form: Struct
    fixed: tuple[bytes, ...]
    roles: tuple[str, ...]


def parse_elements(payload: bytes) -> list[Element]:
    """The elements of one NEWSETELEM message (payload after the netlink header).

    Raises `NetlinkFormatError`. Elements without a value key (the catch-all) are left out.
    """
    if len(payload) < nft.NFGEN.size:
        raise NetlinkFormatError("nf_tables message without its header")
    found: list[Element] = []
    layouts: dict[int, _Layout] = {}
    for kind, value in parse_attributes(payload[nft.NFGEN.size :]):
        if kind == nft.ELEM_LIST_ELEMENTS:
            _parse_list(value, layouts, found)
    return found


def _parse_list(data: bytes, layouts: dict[int, _Layout], found: list[Element]) -> None:
    offset = 0
    end = len(data)
    while offset < end:
        if end - offset < _HEADER_BYTES:
            raise NetlinkFormatError("netlink attribute header is cut short")
        length, _ = _HEADER.unpack_from(data, offset)
        if length < _HEADER_BYTES or offset + length > end:
            raise NetlinkFormatError("netlink attribute length is out of bounds")
        layout = layouts.get(length)
        values = layout.form.unpack_from(data, offset) if layout is not None else ()
        if layout is not None and values[::2] == layout.fixed:
            found.append(_build(dict(zip(layout.roles, values[1::2], strict=True))))
        else:
            entry = data[offset : offset + length]
            leaves = list(_walk(entry))
            element = _parse_leaves(entry, leaves)
            if element is not None:
                found.append(element)
                if len(layouts) < _MAX_LAYOUTS:
                    layouts[length] = _make_layout(entry, leaves)
        offset += (length + 3) & ~3


def _make_layout(entry: bytes, leaves: list[_Leaf]) -> _Layout:
    form, fixed, position = [">"], [], 0
    for leaf in leaves:
        form.append(f"{leaf.offset - position}s")
        form.append(_NUMBERS[leaf.size] if leaf.role in _SIZES else f"{leaf.size}s")
        fixed.append(entry[position : leaf.offset])
        position = leaf.offset + leaf.size
    form.append(f"{len(entry) - position}s")
    fixed.append(entry[position:])
    return _Layout(Struct("".join(form)), tuple(fixed), tuple(leaf.role for leaf in leaves))


def _parse_leaves(entry: bytes, leaves: list[_Leaf]) -> Element | None:
    values: dict[str, Any] = {}
    for leaf in leaves:
        value = entry[leaf.offset : leaf.offset + leaf.size]
        size = _SIZES.get(leaf.role)
        if size is not None and size != leaf.size:
            raise NetlinkFormatError(f"{leaf.role} has {leaf.size} bytes")
        values[leaf.role] = value if size is None else int.from_bytes(value, "big")
    return _build(values) if "key" in values else None


def _build(values: Mapping[str, Any]) -> Element:
    """An element of its values: numbers by the roles of `_SIZES`, bytes for `key` and `comment`."""
    limit = counter = comment = None
    if "rate" in values:
        limit = Limit(values["rate"] // max(1, values.get("unit", 1)), values.get("burst", 0))
    if "bytes" in values:
        counter = Counter(values["bytes"], values.get("packets", 0))
    if "comment" in values:
        comment = _parse_comment(values["comment"])
    return Element(values["key"], values.get("timeout"), values.get("expires"), limit, counter, comment)


def _attributes(entry: bytes, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """(type, first byte, end) of each attribute between two places of the entry."""
    while start < end:
        if end - start < _HEADER_BYTES:
            raise NetlinkFormatError("netlink attribute header is cut short")
        length, kind = _HEADER.unpack_from(entry, start)
        if length < _HEADER_BYTES or start + length > end:
            raise NetlinkFormatError("netlink attribute length is out of bounds")
        yield kind & NLA_TYPE_MASK, start + _HEADER_BYTES, start + length
        start += (length + 3) & ~3


def _walk(entry: bytes) -> Iterator[_Leaf]:
    """The values of an element, in their order."""
    for kind, start, end in _attributes(entry, _HEADER_BYTES, len(entry)):
        if kind == nft.ELEM_KEY:
            for part, begin, stop in _attributes(entry, start, end):
                if part == nft.DATA_VALUE:
                    yield _Leaf("key", begin, stop - begin)
        elif kind in _PLAIN:
            yield _Leaf(_PLAIN[kind], start, end - start)
        elif kind == nft.ELEM_EXPR:
            yield from _walk_expression(entry, start, end)
        elif kind == nft.ELEM_EXPRESSIONS:
            for _, begin, stop in _attributes(entry, start, end):
                yield from _walk_expression(entry, begin, stop)


def _walk_expression(entry: bytes, start: int, end: int) -> Iterator[_Leaf]:
    fields: Mapping[int, str] = {}
    for kind, begin, stop in _attributes(entry, start, end):
        if kind == nft.EXPR_NAME:
            fields = _FIELDS.get(entry[begin:stop].rstrip(b"\0"), {})
        elif kind == nft.EXPR_DATA and fields:
            for part, first, last in _attributes(entry, begin, stop):
                if part in fields:
                    yield _Leaf(fields[part], first, last - first)


def _parse_comment(userdata: bytes) -> str | None:
    """The comment among nft's own type-length-value records; foreign records are skipped."""
    offset = 0
    while offset + 2 <= len(userdata):
        kind, length = userdata[offset], userdata[offset + 1]
        value = userdata[offset + 2 : offset + 2 + length]
        if len(value) != length:
            break
        if kind == nft.UDATA_COMMENT:
            return value.rstrip(b"\0").decode(errors="replace")
        offset += 2 + length
    return None
