"""SMPP 3.4 as a transmitting ESME needs it: PDUs to bytes and back. Pure; does no IO.

Only what sending takes: bind_transmitter, submit_sm, enquire_link, unbind and their answers, and
generic_nack. Source: "Short Message Peer to Peer Protocol Specification v3.4", sections 4 and 5.
The `smpp34` package was tried for the client: it reports a refused password as a time-out and offers
no setting for enquire_link, so tests use it as the other side instead.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

_HEADER: Final = struct.Struct(">IIII")
MAX_PDU_BYTES: Final = 65536
RESPONSE: Final = 0x80000000
INTERFACE_VERSION: Final = 0x34
ESM_UDHI: Final = 0x40

STATUS_OK: Final = 0x00
THROTTLED: Final = frozenset({0x14, 0x58})
"""ESME_RMSGQFUL and ESME_RTHROTTLED (§5.1.3): try the same message again later."""


class Command(IntEnum):
    """Command ids (§5.1.2.1); an answer has the top bit set."""

    BIND_TRANSMITTER = 0x02
    SUBMIT_SM = 0x04
    UNBIND = 0x06
    ENQUIRE_LINK = 0x15
    GENERIC_NACK = 0x80000000


class SmppProtocolError(Exception):
    """The peer sent what is no PDU; the connection is of no more use."""


@dataclass(frozen=True, slots=True)
class Pdu:
    """One protocol data unit."""

    command: int
    status: int
    sequence: int
    body: bytes = b""

    def encode(self) -> bytes:
        """Return the header and the body (§3.2)."""
        size = _HEADER.size + len(self.body)
        return _HEADER.pack(size, self.command, self.status, self.sequence) + self.body

    @property
    def is_response(self) -> bool:
        """Whether it answers a request of ours."""
        return bool(self.command & RESPONSE)


class PduReader:
    """Cuts a byte stream into PDUs."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Pdu]:
        """Yield each PDU that is complete now.

        Raises:
            SmppProtocolError: a length below 16 or above `MAX_PDU_BYTES`.
        """
        self._buffer += data
        while len(self._buffer) >= _HEADER.size:
            size, command, status, sequence = _HEADER.unpack_from(self._buffer)
            if not _HEADER.size <= size <= MAX_PDU_BYTES:
                raise SmppProtocolError(f"a PDU of {size} bytes")
            if len(self._buffer) < size:
                return
            body = bytes(self._buffer[_HEADER.size : size])
            del self._buffer[:size]
            yield Pdu(command, status, sequence, body)


def bind_transmitter(sequence: int, *, system_id: str, password: str) -> Pdu:
    """Return the bind (§4.1.1).

    Raises:
        ValueError: a value is too long or not ASCII.
    """
    body = (
        _c_string(system_id, 16)
        + _c_string(password, 9)
        + _c_string("", 13)  # system_type
        + bytes((INTERFACE_VERSION, 0, 0))
        + _c_string("", 41)  # address_range
    )
    return Pdu(Command.BIND_TRANSMITTER, STATUS_OK, sequence, body)


def submit_sm(
    sequence: int, *, source: str, destination: str, data_coding: int, octets: bytes, has_header: bool
) -> Pdu:
    """Return one short message (§4.4.1).

    Args:
        sequence: sequence number.
        source: letters (alphanumeric sender), or digits with or without a plus.
        destination: E.164, with or without the plus.
        data_coding: see `encoding`.
        octets: 0 to 254 octets of text, with the user data header if there is one.
        has_header: whether there is one.

    Raises:
        ValueError: a value is too long or not ASCII.
    """
    if len(octets) > 254:  # noqa: PLR2004 - sm_length, §5.2.21
        raise ValueError("a short message of more than 254 octets")
    is_number = source.lstrip("+").isdecimal()
    source_kind = bytes((1, 1)) if is_number else bytes((5, 0))  # type and plan of number, §5.2.5
    body = (
        _c_string("", 6)  # service_type
        + source_kind
        + _c_string(source.lstrip("+") if is_number else source, 21)
        + bytes((1, 1))
        + _c_string(destination.lstrip("+"), 21)
        + bytes((ESM_UDHI if has_header else 0, 0, 0))
        + _c_string("", 17)  # schedule_delivery_time: now
        + _c_string("000000000500000R", 17)  # validity_period: five minutes, as long as a code is good
        + bytes((0, 0, data_coding, 0, len(octets)))
        + octets
    )
    return Pdu(Command.SUBMIT_SM, STATUS_OK, sequence, body)


def answer(request: Pdu) -> Pdu | None:
    """Return what a request of the peer's is answered with; None for an answer, which gets none."""
    if request.is_response:
        return None
    if request.command in (Command.ENQUIRE_LINK, Command.UNBIND):
        return Pdu(request.command | RESPONSE, STATUS_OK, request.sequence)
    return Pdu(Command.GENERIC_NACK, 0x03, request.sequence)  # ESME_RINVCMDID


def _c_string(text: str, limit: int) -> bytes:
    """Encode a C-octet string of at most `limit` bytes with its end (§3.1)."""
    encoded = text.encode("ascii")
    if len(encoded) >= limit or b"\0" in encoded:
        raise ValueError(f"more than {limit - 1} characters, or a zero among them")
    return encoded + b"\0"
