"""Accounting-Request to a record: what a NAS says happened. A pure module.

Counters are from the NAS's side (RFC 2866 §5.3): input is what came from the device (up), output what
went to it (down); Gigawords carry the upper 32 bits (RFC 2869 §5.1).
"""

import hashlib
import ipaddress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from controller.core.mac import Mac
from radius.protocol import attributes as a
from radius.protocol.attributes import AcctStatusType
from radius.protocol.connection import RequestReceived
from radius.protocol.packet import Packet
from radius.session_class import ClassCodec, SessionClass
from radius.stations import CalledStation, find_mac, parse_called_station

DIGEST_PREFIX: Final = "sha256:"
"""Begins an `acct_session_id` that is a digest, not what the NAS sent."""

_MAX_SESSION_ID_LENGTH: Final = 120
_GIGAWORD_BITS: Final = 32
_LONGEST_DELAY_S: Final = 86_400
_LARGEST_COUNTER: Final = 2**63 - 1
"""The databases' 64-bit integers have a sign."""


class Unusable(StrEnum):
    """Why an accounting packet holds no record; it is acknowledged, as sending it again cannot help."""

    UNKNOWN_STATUS = "unknown-status"
    """No Acct-Status-Type, or one that is not about a session, such as Tunnel-Start."""
    NO_SESSION_ID = "no-session-id"
    """Acct-Session-Id is missing; RFC 2866 §5.5 requires it."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Counters since the NAS's start of the session; 0 to 2^63-1."""

    up_bytes: int = 0
    down_bytes: int = 0
    up_packets: int = 0
    down_packets: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """One accounting record.

    Attributes:
        kind: Start, Interim-Update, Stop, Accounting-On or -Off.
        nas_id: the NAS's entry.
        address: its IP address, since an entry may be a whole network.
        acct_session_id: the NAS's name for its part of the session; empty for On and Off.
        session: the session promised by our Access-Accept, if the NAS sent our Class back.
        mac: the device, from Calling-Station-Id or a User-Name that is a MAC.
        ip: the device's address, if told; else empty.
        called: the BSS.
        totals: counters.
        session_time_s: Acct-Session-Time, 0 if absent.
        terminate_cause: Acct-Terminate-Cause of a Stop, 0 if absent.
        delay_s: how long the NAS has been trying to send this (Acct-Delay-Time).
        username: User-Name; empty if absent. A zero octet, which no database takes, is U+FFFD.
    """

    kind: AcctStatusType
    nas_id: str
    address: str
    acct_session_id: str
    session: SessionClass | None
    mac: Mac | None
    ip: str
    called: CalledStation
    totals: Totals
    session_time_s: int
    terminate_cause: int
    delay_s: int
    username: str = ""

    @property
    def leg(self) -> tuple[str, str, str]:
        """What tells this NAS's part of the session from all others."""
        return self.nas_id, self.address, self.acct_session_id

    @property
    def device(self) -> tuple[str, str]:
        """What tells the NAS device from all others."""
        return self.nas_id, self.address


def read_record(request: RequestReceived, codec: ClassCodec) -> Record | Unusable:
    """Read an Accounting-Request."""
    packet = request.packet
    try:
        kind = AcctStatusType(packet.find_integer(a.ACCT_STATUS_TYPE) or 0)
    except ValueError:
        return Unusable.UNKNOWN_STATUS
    identifier = packet.find(a.ACCT_SESSION_ID) or b""
    per_session = kind not in {AcctStatusType.ACCOUNTING_ON, AcctStatusType.ACCOUNTING_OFF}
    if per_session and not identifier:
        return Unusable.NO_SESSION_ID
    mac = find_mac(packet.find_text(a.CALLING_STATION_ID))
    return Record(
        kind=kind,
        nas_id=request.client.id,
        address=request.source[0],
        acct_session_id=_session_key(identifier) if per_session else "",
        session=codec.find(packet.find_all(a.CLASS)),
        mac=mac or find_mac(packet.find_text(a.USER_NAME)),
        ip=_framed_ip(packet),
        called=parse_called_station(packet.find_text(a.CALLED_STATION_ID)),
        totals=Totals(
            _octets(packet, a.ACCT_INPUT_OCTETS, a.ACCT_INPUT_GIGAWORDS),
            _octets(packet, a.ACCT_OUTPUT_OCTETS, a.ACCT_OUTPUT_GIGAWORDS),
            packet.find_integer(a.ACCT_INPUT_PACKETS) or 0,
            packet.find_integer(a.ACCT_OUTPUT_PACKETS) or 0,
        ),
        session_time_s=packet.find_integer(a.ACCT_SESSION_TIME) or 0,
        terminate_cause=packet.find_integer(a.ACCT_TERMINATE_CAUSE) or 0,
        delay_s=min(packet.find_integer(a.ACCT_DELAY_TIME) or 0, _LONGEST_DELAY_S),
        username=(packet.find_text(a.USER_NAME) or "").replace("\0", "\ufffd"),
    )


def _session_key(identifier: bytes) -> str:
    """Return the identifier itself if it is short and printable, else a digest of it."""
    if len(identifier) <= _MAX_SESSION_ID_LENGTH and identifier.isascii():
        text = identifier.decode("ascii")
        if text.isprintable():
            return text
    return f"{DIGEST_PREFIX}{hashlib.sha256(identifier).hexdigest()}"


def _octets(packet: Packet, low: int, gigawords: int) -> int:
    octets = ((packet.find_integer(gigawords) or 0) << _GIGAWORD_BITS) + (packet.find_integer(low) or 0)
    return min(octets, _LARGEST_COUNTER)


def _framed_ip(packet: Packet) -> str:
    value = packet.find(a.FRAMED_IP_ADDRESS)
    if value is None or len(value) != ipaddress.IPV4LENGTH // 8:
        return ""
    return str(ipaddress.IPv4Address(value))


def above(known: Totals, told: Totals) -> Totals:
    """Return what is new in `told`; a counter below what is known has nothing new."""
    return Totals(
        max(0, told.up_bytes - known.up_bytes),
        max(0, told.down_bytes - known.down_bytes),
        max(0, told.up_packets - known.up_packets),
        max(0, told.down_packets - known.down_packets),
    )


def highest(known: Totals, told: Totals) -> Totals:
    """Return each counter's higher value."""
    return Totals(
        max(told.up_bytes, known.up_bytes),
        max(told.down_bytes, known.down_bytes),
        max(told.up_packets, known.up_packets),
        max(told.down_packets, known.down_packets),
    )
