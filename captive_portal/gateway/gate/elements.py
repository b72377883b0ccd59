"""Set elements of nftables as netlink bytes: add, delete, ask for one or for all.

Pure bytes, no socket; answers are read by `element_dump`. It exists because forking `nft` costs five
milliseconds a change and pyroute2 has neither concatenated keys nor whole dumps. It does not create
tables, chains or sets: the static ruleset is text (`rules`). Numbers from
linux/netfilter/nf_tables.h.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from struct import Struct
from typing import NamedTuple

from captive_portal.gateway.gate.netlink import (
    NLM_F_ACK,
    NLM_F_CREATE,
    NLM_F_DUMP,
    NLM_F_REQUEST,
    NetlinkFormatError,
    encode_attribute,
    encode_message,
    encode_nested,
)
from controller.core.mac import Mac

NFPROTO_INET = 1

NFNL_SUBSYS_NFTABLES = 10
NFNL_MSG_BATCH_BEGIN = 0x10
NFNL_MSG_BATCH_END = 0x11
NFT_MSG_NEWSETELEM = NFNL_SUBSYS_NFTABLES << 8 | 12
NFT_MSG_GETSETELEM = NFNL_SUBSYS_NFTABLES << 8 | 13
NFT_MSG_DELSETELEM = NFNL_SUBSYS_NFTABLES << 8 | 14

LIST_ELEM = 1
ELEM_LIST_TABLE, ELEM_LIST_SET, ELEM_LIST_ELEMENTS = 1, 2, 3
ELEM_KEY, ELEM_TIMEOUT, ELEM_EXPIRATION, ELEM_USERDATA = 1, 4, 5, 6
ELEM_EXPR, ELEM_EXPRESSIONS = 7, 11
DATA_VALUE = 1
EXPR_NAME, EXPR_DATA = 1, 2
COUNTER_BYTES, COUNTER_PACKETS = 1, 2
LIMIT_RATE, LIMIT_UNIT, LIMIT_BURST, LIMIT_TYPE = 1, 2, 3, 4
LIMIT_TYPE_BYTES = 1
UDATA_COMMENT = 0

MAX_ELEMENTS = 1_000
"""Elements in one message; above it old tools report errors."""
_MAX_ELEMENTS_BYTES = 60_000
_MAX_COMMENT_BYTES = 128
_CLIENT_KEY_BYTES = 12
_IP_KEY_BYTES = 4
_MAC_BYTES = 6

_U64 = Struct(">Q")
_U32 = Struct(">I")
NFGEN = Struct(">BBH")


class Counter(NamedTuple):
    """What an element has let pass."""

    bytes: int = 0
    packets: int = 0


class Limit(NamedTuple):
    """A policer: bytes a second and the burst in bytes that may pass at once."""

    bytes_per_s: int
    burst_bytes: int


class Element(NamedTuple):
    """One set element. `expires_ms` is the kernel's remaining time and only read, never written."""

    key: bytes
    timeout_ms: int | None = None
    expires_ms: int | None = None
    limit: Limit | None = None
    counter: Counter | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class SetName:
    """A set and its table (family inet)."""

    table: str
    name: str


def encode_ip_key(ip: str) -> bytes:
    """Key of a set of type `ipv4_addr`. Raises `ValueError` on anything but dotted IPv4."""
    return IPv4Address(ip).packed


def encode_client_key(ip: str, mac: Mac) -> bytes:
    """Key of a set of type `ipv4_addr . ether_addr`: each part padded to four bytes."""
    return IPv4Address(ip).packed + bytes.fromhex(mac.replace(":", "")) + b"\x00\x00"


def parse_ip_key(key: bytes) -> str:
    """Dotted IPv4. Raises `NetlinkFormatError` if the key has another length."""
    if len(key) != _IP_KEY_BYTES:
        message = f"an address key has {_IP_KEY_BYTES} bytes, not {len(key)}"
        raise NetlinkFormatError(message)
    return f"{key[0]}.{key[1]}.{key[2]}.{key[3]}"


def parse_client_key(key: bytes) -> tuple[str, Mac]:
    """(ip, mac). Raises `NetlinkFormatError` if the key has another length."""
    if len(key) != _CLIENT_KEY_BYTES:
        message = f"a client key has {_CLIENT_KEY_BYTES} bytes, not {len(key)}"
        raise NetlinkFormatError(message)
    mac = key[_IP_KEY_BYTES : _IP_KEY_BYTES + _MAC_BYTES]
    return f"{key[0]}.{key[1]}.{key[2]}.{key[3]}", Mac(mac.hex(":"))


def _header(resource: int = 0) -> bytes:
    return NFGEN.pack(NFPROTO_INET, 0, resource)


def _batch_header() -> bytes:
    return NFGEN.pack(0, 0, NFNL_SUBSYS_NFTABLES)


def _encode_expression(name: bytes, *data: bytes) -> bytes:
    return encode_nested(
        LIST_ELEM,
        encode_attribute(EXPR_NAME, name + b"\x00"),
        encode_nested(EXPR_DATA, *data),
    )


def _encode_limit(limit: Limit) -> bytes:
    return _encode_expression(
        b"limit",
        encode_attribute(LIMIT_RATE, _U64.pack(limit.bytes_per_s)),
        encode_attribute(LIMIT_UNIT, _U64.pack(1)),
        encode_attribute(LIMIT_BURST, _U32.pack(limit.burst_bytes)),
        encode_attribute(LIMIT_TYPE, _U32.pack(LIMIT_TYPE_BYTES)),
    )


def _encode_counter(counter: Counter) -> bytes:
    return _encode_expression(
        b"counter",
        encode_attribute(COUNTER_BYTES, _U64.pack(counter.bytes)),
        encode_attribute(COUNTER_PACKETS, _U64.pack(counter.packets)),
    )


_ZERO_COUNTER = _encode_counter(Counter())
"""Nearly every new element starts at nothing."""


def encode_element(element: Element) -> bytes:
    """One element as a list entry. The limit stands before the counter: what it drops is not counted."""
    parts = [encode_nested(ELEM_KEY, encode_attribute(DATA_VALUE, element.key))]
    if element.timeout_ms is not None:
        parts.append(encode_attribute(ELEM_TIMEOUT, _U64.pack(element.timeout_ms)))
    if element.comment is not None:
        text = element.comment.encode() + b"\x00"
        if len(text) > _MAX_COMMENT_BYTES:
            message = f"an element comment has at most {_MAX_COMMENT_BYTES - 1} bytes"
            raise ValueError(message)
        parts.append(encode_attribute(ELEM_USERDATA, bytes((UDATA_COMMENT, len(text))) + text))
    expressions = []
    if element.limit is not None:
        expressions.append(_encode_limit(element.limit))
    if element.counter is not None:
        expressions.append(_encode_counter(element.counter) if any(element.counter) else _ZERO_COUNTER)
    if expressions:
        parts.append(encode_nested(ELEM_EXPRESSIONS, *expressions))
    return encode_nested(LIST_ELEM, *parts)


def _chunks(entries: Sequence[bytes]) -> Iterator[bytes]:
    chunk: list[bytes] = []
    size = 0
    for entry in entries:
        if chunk and (len(chunk) >= MAX_ELEMENTS or size + len(entry) > _MAX_ELEMENTS_BYTES):
            yield b"".join(chunk)
            chunk, size = [], 0
        chunk.append(entry)
        size += len(entry)
    if chunk:
        yield b"".join(chunk)


class Batch:
    """One atomic transaction: all of its changes or none.

    `sequence` numbers the first message; `encode` returns the bytes to send and the number of the
    last message, which carries the only acknowledgement. The kernel reports every failing message.
    """

    def __init__(self, sequence: int) -> None:
        self.first = sequence
        self._bodies: list[tuple[int, int, bytes]] = []

    def __len__(self) -> int:
        return len(self._bodies)

    def add(self, target: SetName, elements: Sequence[Element]) -> None:
        """Add; an element that is there already stays, with its counters."""
        self._append(NFT_MSG_NEWSETELEM, NLM_F_CREATE, target, elements)

    def delete(self, target: SetName, elements: Sequence[Element]) -> None:
        """Delete; one that is missing makes the whole batch fail with ENOENT (see `discard`)."""
        self._append(NFT_MSG_DELSETELEM, 0, target, [Element(key=e.key) for e in elements])

    def discard(self, target: SetName, elements: Sequence[Element]) -> None:
        """Delete whether or not it is there, also on kernels without DESTROYSETELEM (before 6.3)."""
        for chunk in _chunks([encode_element(element) for element in elements]):
            self._put(NFT_MSG_NEWSETELEM, NLM_F_CREATE, target, chunk)
            self._put(NFT_MSG_DELSETELEM, 0, target, chunk)

    def replace(self, target: SetName, elements: Sequence[Element]) -> None:
        """Have exactly these, with these timeouts; kernels before 6.12 ignore them on a plain add."""
        for chunk in _chunks([encode_element(element) for element in elements]):
            self._put(NFT_MSG_NEWSETELEM, NLM_F_CREATE, target, chunk)
            self._put(NFT_MSG_DELSETELEM, 0, target, chunk)
            self._put(NFT_MSG_NEWSETELEM, NLM_F_CREATE, target, chunk)

    def _append(self, kind: int, flags: int, target: SetName, elements: Sequence[Element]) -> None:
        for chunk in _chunks([encode_element(element) for element in elements]):
            self._put(kind, flags, target, chunk)

    def _put(self, kind: int, flags: int, target: SetName, chunk: bytes) -> None:
        body = (
            _header()
            + encode_attribute(ELEM_LIST_TABLE, target.table.encode() + b"\x00")
            + encode_attribute(ELEM_LIST_SET, target.name.encode() + b"\x00")
            + encode_nested(ELEM_LIST_ELEMENTS, chunk)
        )
        self._bodies.append((kind, flags | NLM_F_REQUEST, body))

    def encode(self) -> tuple[bytes, int]:
        """(datagram, sequence of the last change). Raises `ValueError` when there is no change."""
        if not self._bodies:
            message = "a batch without changes cannot be sent"
            raise ValueError(message)
        sequence = self.first
        parts = [encode_message(NFNL_MSG_BATCH_BEGIN, NLM_F_REQUEST, sequence, _batch_header())]
        for index, (kind, flags, body) in enumerate(self._bodies, start=1):
            acknowledge = NLM_F_ACK if index == len(self._bodies) else 0
            parts.append(encode_message(kind, flags | acknowledge, sequence + index, body))
        last = sequence + len(self._bodies)
        parts.append(encode_message(NFNL_MSG_BATCH_END, NLM_F_REQUEST, last + 1, _batch_header()))
        return b"".join(parts), last


def encode_dump(target: SetName, sequence: int) -> bytes:
    """Ask for every element of a set; answers end with NLMSG_DONE."""
    return encode_message(
        NFT_MSG_GETSETELEM,
        NLM_F_REQUEST | NLM_F_DUMP,
        sequence,
        _header()
        + encode_attribute(ELEM_LIST_TABLE, target.table.encode() + b"\x00")
        + encode_attribute(ELEM_LIST_SET, target.name.encode() + b"\x00"),
    )


def encode_get(target: SetName, key: bytes, sequence: int) -> bytes:
    """Ask for one element; the kernel answers with it and an acknowledgement, or with ENOENT."""
    return encode_message(
        NFT_MSG_GETSETELEM,
        NLM_F_REQUEST | NLM_F_ACK,
        sequence,
        _header()
        + encode_attribute(ELEM_LIST_TABLE, target.table.encode() + b"\x00")
        + encode_attribute(ELEM_LIST_SET, target.name.encode() + b"\x00")
        + encode_nested(ELEM_LIST_ELEMENTS, encode_element(Element(key=key))),
    )
