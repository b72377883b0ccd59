r"""The octets of a journal segment: a header, then records, each under a checksum. A pure module.

    header  "KJ1\n", the segment's ULID (26 octets of ASCII), CRC-32 of both
    record  length of the payload (u32), CRC-32 of that length and the payload (u32), payload
    payload kind (u8), received at in microseconds of Unix time (u64), body
    body    accounting: lengths of NAS id and address (u8 each), both, the packet
            decision: what `decisions` encodes

A reader takes records until one does not fit its checksum: what follows was not written to its end, so
it was not acknowledged. Integers are big-endian.
"""

import zlib
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from struct import error as StructError  # noqa: N812 - the module calls it so
from typing import Final

MAGIC: Final = b"KJ1\n"
_ULID_LENGTH: Final = 26
HEADER_LENGTH: Final = len(MAGIC) + _ULID_LENGTH + 4
LARGEST_PAYLOAD: Final = 65_536
"""A packet has at most 4,096 octets; a decision's trace is cut far below this."""

_CRC = Struct("!I")
_HEAD = Struct("!II")
_STAMP = Struct("!BQ")
_NAMES = Struct("!BB")
_MICROSECONDS: Final = 1_000_000


class Kind(IntEnum):
    """What a record holds."""

    ACCOUNTING = 1
    DECISION = 2


_ACCOUNTING: Final = int(Kind.ACCOUNTING)


@dataclass(frozen=True, slots=True)
class Entry:
    """One record.

    Attributes:
        kind: accounting or decision.
        received_at: Unix time in seconds.
        nas_id: the NAS's entry; empty for decisions.
        address: the NAS's IP address; empty for decisions.
        body: the packet's octets, or the encoded decision.
    """

    kind: Kind
    received_at: float
    nas_id: str
    address: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Scanned:
    """Records found in a stretch of octets.

    Attributes:
        payloads: (offset of the record's end, payload), in order.
        end: offset after the last whole record.
        damaged: a whole record follows there whose checksum is wrong; False: nothing, zeros or a part.
    """

    payloads: list[tuple[int, bytes]]
    end: int
    damaged: bool


def encode_header(segment: str) -> bytes:
    """Return the header of a segment of that ULID."""
    body = MAGIC + segment.encode("ascii")
    return body + _CRC.pack(zlib.crc32(body))


def read_header(data: bytes) -> str | None:
    """Return the segment's ULID; None if this is no whole header."""
    body = data[: HEADER_LENGTH - _CRC.size]
    if len(data) < HEADER_LENGTH or not body.startswith(MAGIC):
        return None
    if _CRC.unpack_from(data, len(body))[0] != zlib.crc32(body):
        return None
    return body[len(MAGIC) :].decode("ascii", "replace")


def encode_record(payload: bytes) -> bytes:
    """Return a payload as a record."""
    length = len(payload)
    return _HEAD.pack(length, zlib.crc32(payload, zlib.crc32(_CRC.pack(length)))) + payload


def encode_names(nas_id: str, address: str) -> bytes:
    """Return the part of an accounting record that is the same for all packets of a NAS."""
    nas, ip = nas_id.encode(), address.encode("ascii")
    return _NAMES.pack(len(nas), len(ip)) + nas + ip


def encode_accounting(received_at: float, names: bytes, packet: bytes) -> bytes:
    """Return the record of an accounting packet.

    Args:
        received_at: Unix time in seconds.
        names: of the NAS, from `encode_names`.
        packet: its octets.
    """
    return encode_record(
        b"".join((_STAMP.pack(_ACCOUNTING, int(received_at * _MICROSECONDS)), names, packet))
    )


def encode_decision(received_at: float, body: bytes) -> bytes:
    """Return the record of a decision."""
    return encode_record(_STAMP.pack(Kind.DECISION, int(received_at * _MICROSECONDS)) + body)


def scan(data: bytes, start: int, *, at: int = 0, most: int = 1 << 30) -> Scanned:
    """Return the whole records of `data` from `start` on, up to `most`; never raises for its content.

    Args:
        data: a stretch of a segment.
        start: where in `data` the first record begins.
        at: offset of `data` in the segment; offsets told are the segment's.
        most: records to take.
    """
    payloads: list[tuple[int, bytes]] = []
    position, size = start, len(data)
    head_size, crc32, unpack = _HEAD.size, zlib.crc32, _HEAD.unpack_from
    damaged = False
    while len(payloads) < most and position + head_size <= size:
        length, checksum = unpack(data, position)
        if not _STAMP.size <= length <= LARGEST_PAYLOAD:
            damaged = length != 0
            break
        begin = position + head_size
        end = begin + length
        if end > size:
            break
        payload = data[begin:end]
        if crc32(payload, crc32(data[position : position + 4])) != checksum:
            damaged = True
            break
        payloads.append((at + end, payload))
        position = end
    return Scanned(payloads, at + position, damaged)


def read_received_at(payload: bytes) -> int:
    """Return when a record was received, in microseconds of Unix time: what records are merged by."""
    moment: int = _STAMP.unpack_from(payload)[1]
    return moment


def parse_payload(payload: bytes) -> Entry:
    """Return what a payload holds.

    Raises:
        ValueError: its checksum was right, but no writer of this version made it.
    """
    try:
        kind, moment = _STAMP.unpack_from(payload)
        if kind == Kind.DECISION:
            return Entry(Kind.DECISION, moment / _MICROSECONDS, "", "", payload[_STAMP.size :])
        nas_length, address_length = _NAMES.unpack_from(payload, _STAMP.size)
    except StructError as error:
        raise ValueError("the record is too short") from error
    begin = _STAMP.size + _NAMES.size
    middle, end = begin + nas_length, begin + nas_length + address_length
    if end > len(payload):
        raise ValueError("the record is too short")
    return Entry(
        Kind(kind),
        moment / _MICROSECONDS,
        payload[begin:middle].decode(),
        payload[middle:end].decode(),
        payload[end:],
    )
